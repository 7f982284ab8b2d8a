import { ActionError, defineAgent } from '@troupe/core';

/** An agent that ends in another way on each node, as the node's fact `part` says. */
export const ddl = {
  metadata: {
    name: 'fleet',
    description: 'Ends as the fact "part" of its node says',
    author: 'The tests',
    license: 'Apache-2.0',
    version: '1.0.0',
    url: 'https://example.net',
    timeout: 20,
  },
  actions: [
    {
      action: 'act',
      description: 'Plays its part',
      display: 'failed',
      mutating: false,
      input: {},
      output: { part: { description: 'Its part', display_as: 'Part', type: 'string' } },
      aggregate: [{ function: 'summary', args: ['part'] }],
    },
    {
      action: 'linger',
      description: 'Says that it has begun, and goes on until its time is over',
      display: 'failed',
      mutating: false,
      timeout: 60,
      input: {},
      output: {},
    },
  ],
} as const;

export default defineAgent(ddl, (_, host) => ({
  act: (_input, { log }) => {
    const { part } = host.facts();
    switch (part) {
      case 'fails':
        throw new ActionError('the disk is full');
      case 'throws':
        throw new TypeError('a detail for the log of the node');
      case 'hangs':
        return new Promise<never>(() => {});
      case 'exits':
        log.error('this daemon is killed at once');
        process.kill(process.pid, 'SIGKILL');
        return new Promise<never>(() => {});
      default:
        return { part: String(part) };
    }
  },
  linger: (_input, { progress }) => {
    progress('begun');
    return new Promise<never>(() => {});
  },
}));
