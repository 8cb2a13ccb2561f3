-- SPDX-License-Identifier: Apache-2.0
-- Runs that are finished by whoever is there.

alter table runs
    -- Whether the plan is applied without being asked again, by another process when its own has died.
    add column applies boolean not null default false;
