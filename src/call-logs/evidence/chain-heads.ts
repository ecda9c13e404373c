/** The newest batch of each chain of the tenant $1, by writer id; found by one look into the index per chain. */
export const CHAIN_HEADS = `WITH RECURSIVE writers AS (
    (SELECT writer_id FROM call_log_batches WHERE tenant_id = $1 ORDER BY writer_id LIMIT 1)
    UNION ALL
    SELECT (SELECT b.writer_id FROM call_log_batches b WHERE b.tenant_id = $1 AND b.writer_id > w.writer_id
      ORDER BY b.writer_id LIMIT 1) FROM writers w WHERE w.writer_id IS NOT NULL
  )
  SELECT w.writer_id AS "writerId", h.seq, h.records_total AS total, encode(h.hash, 'hex') AS "hashHex"
  FROM writers w CROSS JOIN LATERAL (SELECT seq, records_total, hash FROM call_log_batches b
    WHERE b.tenant_id = $1 AND b.writer_id = w.writer_id ORDER BY seq DESC LIMIT 1) h
  WHERE w.writer_id IS NOT NULL ORDER BY w.writer_id`;
