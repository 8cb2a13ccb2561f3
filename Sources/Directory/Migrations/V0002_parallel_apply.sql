-- Who applies changes of this source at the moment: one engine at a time, on as many connections as it likes.
-- Its chunks hold the row shared; another engine takes it over between them.
alter table sources add column applier uuid;
