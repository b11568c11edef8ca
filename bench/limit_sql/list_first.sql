SELECT concat('{"data":{"clients":{"nodes":[',
              string_agg(concat('{"id":"cli1_', replace(id::text, '-', ''),
                                '","displayName":', to_json(display_name),
                                ',"email":', to_json(email),
                                ',"status":"', status,
                                '","currency":"', currency,
                                '","createdAt":"', to_char(created_at AT TIME ZONE 'UTC',
                                                           'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
                                '"}'), ',' ORDER BY n) FILTER (WHERE n <= 25),
              '],"pageInfo":{"hasNextPage":', (count(*) > 25)::text,
              ',"endCursor":"', encode(convert_to(max(name_sort || ' ' || id) FILTER (WHERE n = least(25, total)), 'UTF8'),
                                       'hex'), '"}}}}')
  FROM (SELECT *, row_number() OVER () AS n, count(*) OVER () AS total
          FROM (SELECT * FROM gateway.client
                 WHERE partner_id = $1
                 ORDER BY name_sort, id LIMIT 26) AS page) AS numbered
