import { type Agent, type Ddl, ddlHash, defineAgent } from '@troupe/core';

/** The agent that is attacked: it counts how often it ran. */
export const counterDdl = {
  metadata: {
    name: 'counter',
    description: 'Counts',
    author: 'x',
    license: 'x',
    version: '1.0.0',
    url: 'https://example.com',
    timeout: 5,
  },
  actions: [
    {
      action: 'count',
      description: 'Counts',
      mutating: true,
      input: {
        text: {
          prompt: 'Text',
          description: 'Text',
          type: 'string',
          optional: true,
          maxlength: 20,
          validation: 'shellsafe',
        },
      },
      output: { count: { description: 'Number of calls', display_as: 'Count', type: 'integer' } },
    },
    { action: 'wait', description: 'Waits until it is cancelled', mutating: true, input: {}, output: {} },
    {
      action: 'read',
      description: 'Changes nothing',
      mutating: false,
      input: {},
      output: { count: { description: 'Number of calls', display_as: 'Count', type: 'integer' } },
    },
    {
      action: 'keep',
      description: 'Takes and returns a secret',
      mutating: true,
      input: {
        password: {
          prompt: 'Password',
          description: 'Password',
          type: 'string',
          optional: false,
          maxlength: 50,
          validation: 'shellsafe',
          secret: true,
        },
      },
      output: { hush: { description: 'A secret', display_as: 'Hush', type: 'string', secret: true } },
    },
    {
      action: 'reveal',
      description: 'Returns a secret',
      mutating: true,
      input: {},
      output: { hush: { description: 'A secret', display_as: 'Hush', type: 'string', secret: true } },
    },
  ],
} as const;

/** The hash under which version 2 calls it. */
export const counterHash = ddlHash(counterDdl as unknown as Ddl);

/** The secret that the agent returns. */
export const hush = 'the-secret-of-the-victim';

/** The agent; `ran` is called each time that an action of it runs, with the input. */
export function counterAgent(ran: (input: object) => void): Agent {
  let count = 0;
  return defineAgent(counterDdl, () => ({
    count: (input) => {
      ran(input);
      count += 1;
      return { count };
    },
    read: (input) => {
      ran(input);
      return { count };
    },
    keep: (input) => {
      ran(input);
      return { hush };
    },
    reveal: (input) => {
      ran(input);
      return { hush };
    },
    wait: async (_, { signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      return {};
    },
  }));
}
