-- SPDX-License-Identifier: Apache-2.0
-- The place of this number; its content comes with the reads that are kept.
select 1;
