-- A row of every table, as revision 0001 has them; the bytes are bound by the test. Ids that count are left to the
-- database: each is 1.
insert into plans (id, title, publisher, region, kind, period_start, period_end, document_number)
  values ('pccccccccccc2', '沙洲县2026年教育工作要点', '沙洲县教育局', '620000', '工作要点', 2026, 2026, '沙教发〔2026〕1号');
insert into sources (id, name, publisher, region, kind, last_crawled_at, next_due_at)
  values ('shazhou', '沙洲县教育局', '沙洲县教育局', '620000', 'official', '2026-02-03 04:05:06.000000', null);
insert into subscriptions (address, filter, rhythm, language, state, created_at, confirmed_at, next_due_at)
  values ('reader@example.org', '{"regions": ["620000"]}', '{"every": "daily"}', 'zh', 'active',
    '2026-01-01 00:00:00.000000', '2026-01-02 00:00:00.000000', '2026-03-01 00:00:00.000000');
insert into digests (subscription_id, created_at) values (1, '2026-02-28 00:00:00.000000');
insert into documents (id, source_id, url, listed_title, listed_on, found_at, state, version_id, plan_id, role, similarity)
  values ('daaaaaaaaaaa2', 'shazhou', 'https://www.example.org/1.html', '沙洲县2026年教育工作要点', '2026-02-03',
    '2026-02-03 04:05:06.000000', 'live', 1, 'pccccccccccc2', 'original', 1.0);
insert into listing_pages (source_id, url, checked_at, etag, entries)
  values ('shazhou', 'https://www.example.org/', '2026-02-03 04:05:06.000000', '"x"', 20);
insert into runs (source_id, started_at, outcome, counts)
  values ('shazhou', '2026-02-03 04:05:06.000000', 'done', '{"new": 1}');
insert into captures (document_id, url, fetched_at, status, digest, file, "offset", length)
  values ('daaaaaaaaaaa2', 'https://www.example.org/1.html', '2026-02-03 04:05:06.000000', 200, 'd1g35t',
    'a.warc.gz', 5000000000, 99);
insert into deliveries (digest_id, message_id, message, state, attempts)
  values (1, '<digest.1@example.org>', :message, 'waiting', 0);
insert into fingerprints (hash, document_id) values (-9223372036854775808, 'daaaaaaaaaaa2');
insert into health_events (source_id, at, sign, url, detail, capture_id)
  values ('shazhou', '2026-02-03 04:05:06.000000', 'blocked', 'https://www.example.org/', 'the site answers 412', 1);
insert into versions (document_id, number, capture_id, captured_at, title, content_hash, page)
  values ('daaaaaaaaaaa2', 1, 1, '2026-02-03 04:05:06.000000', '沙洲县2026年教育工作要点', 'h4sh', :page);
insert into changes (document_id, type, detected_at, to_version_id, difference)
  values ('daaaaaaaaaaa2', 'new', '2026-02-03 04:05:06.000000', 1, :difference);
insert into digest_changes (subscription_id, change_id, digest_id) values (1, 1, 1);
