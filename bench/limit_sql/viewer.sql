SELECT concat('{"data":{"viewer":{"partner":{"id":"prt1_', replace(id::text, '-', ''), '","name":', to_json(name), '}}}}')
  FROM gateway.partner_org WHERE partner_id = $1 AND id = $1
