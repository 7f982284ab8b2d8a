/** What `rpcutil daemon_stats` counts since the daemon started: messages, by what became of them. */
export interface Stats {
  total: number;
  validated: number;
  unvalidated: number;
  passed: number;
  filtered: number;
  ttlexpired: number;
  denied: number;
  replies: number;
}

export function newStats(): Stats {
  return {
    total: 0,
    validated: 0,
    unvalidated: 0,
    passed: 0,
    filtered: 0,
    ttlexpired: 0,
    denied: 0,
    replies: 0,
  };
}
