SELECT concat('{"data":{"node":', (
SELECT concat(
           '{"id":"cli1_', replace(c.id::text, '-', ''),
           '","displayName":', to_json(c.display_name),
           ',"firstName":', coalesce(to_json(c.first_name)::text, 'null'),
           ',"lastName":', coalesce(to_json(c.last_name)::text, 'null'),
           ',"email":', to_json(c.email),
           ',"status":"', c.status,
           '","organisations":{"nodes":[', (
               SELECT string_agg(concat('{"id":"org1_', replace(o.id::text, '-', ''), '","name":', to_json(o.name),
                                        ',"domain":', to_json(o.domain), ',"status":"', o.status, '"}'),
                                 ',' ORDER BY o.name_sort, o.id)
                 FROM (SELECT * FROM gateway.child_org AS o
                        WHERE o.partner_id = $1 AND o.partner_sees_until > statement_timestamp() AND o.client_id = c.id
                        ORDER BY name_sort, id LIMIT 5) AS o),
           ']},"subscriptions":{"nodes":[', (
               SELECT string_agg(concat(
                          '{"id":"sub1_', replace(s.id::text, '-', ''),
                          '","status":"', s.status,
                          '","seats":', s.seats,
                          ',"unitPrice":{"amount":"', CASE s.currency
                              WHEN 'JPY' THEN s.unit_price_minor::text
                              ELSE (s.unit_price_minor / 100)::text || '.'
                                   || lpad((s.unit_price_minor % 100)::text, 2, '0') END,
                          '","currency":"', s.currency,
                          '"},"currentPeriodEnd":"', to_char(s.current_period_end AT TIME ZONE 'UTC',
                                                             'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
                          '","plan":', (
                              SELECT concat('{"name":', to_json(p.name), ',"code":', to_json(p.code), '}')
                                FROM gateway.plan AS p WHERE p.id = s.plan_id),
                          '}'), ',' ORDER BY s.created_at, s.id)
                 FROM (SELECT * FROM gateway.subscription AS s WHERE s.partner_id = $1 AND s.client_id = c.id
                        ORDER BY created_at, id LIMIT 2) AS s),
           ']},"defaultCard":', coalesce((
               SELECT concat('{"brand":', to_json(brand), ',"lastFour":', to_json(last_four),
                             ',"expiryMonth":', expiry_month, ',"expiryYear":', expiry_year,
                             ',"holderName":', coalesce(to_json(holder_name)::text, 'null'), '}')
                 FROM gateway.payment_card AS k WHERE k.partner_id = $1 AND k.id = c.default_card_id), 'null'),
           ',"invoices":{"nodes":[', (
               SELECT string_agg(concat(
                          '{"id":"inv1_', replace(i.id::text, '-', ''),
                          '","number":', coalesce(to_json(i.number)::text, 'null'),
                          ',"state":"', i.state,
                          '","issuedOn":', coalesce('"' || i.issued_on || '"', 'null'),
                          ',"dueOn":', coalesce('"' || i.due_on || '"', 'null'),
                          ',"total":{"amount":"', CASE i.currency
                              WHEN 'JPY' THEN i.total_minor::text
                              ELSE (i.total_minor / 100)::text || '.' || lpad((i.total_minor % 100)::text, 2, '0') END,
                          '","currency":"', i.currency, '"}}'), ',' ORDER BY i.created_at DESC, i.id DESC)
                 FROM (SELECT * FROM gateway.invoice AS i WHERE i.partner_id = $1 AND i.client_id = c.id
                        ORDER BY created_at DESC, id DESC LIMIT 5) AS i),
           ']}}')
  FROM gateway.client AS c WHERE c.partner_id = $1 AND c.id = $2), '}}')
