import type { Reply, ReplyOutcome } from '@troupe/core';

const base = {
  v: 1,
  type: 'reply',
  id: '0'.repeat(32),
  time: 0,
  caller: 'c',
  session: 's',
  collective: 'm',
  agent: 'a',
  action: 'b',
} as const;

/** The node has the request and will take up to so many seconds. */
export const accepted = (sender: string, seq: number, timeout: number): Reply => ({
  ...base,
  kind: 'accepted',
  sender,
  seq,
  timeout,
});

/** A piece of output: its own number. */
export const progress = (sender: string, seq: number): Reply => ({
  ...base,
  kind: 'progress',
  sender,
  seq,
  data: seq,
});

/** The end of a request on a node. */
export const result = (sender: string, seq: number, outcome: ReplyOutcome = 'ok', statuscode = 0): Reply => ({
  ...base,
  kind: 'result',
  sender,
  seq,
  outcome,
  statuscode,
  statusmsg: outcome === 'ok' ? 'OK' : `it is ${outcome}`,
  data: {},
});
