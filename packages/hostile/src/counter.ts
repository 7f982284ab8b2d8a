import { type Agent, defineAgent } from '@troupe/core';

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
  ],
} as const;

/** The agent; `ran` is called each time that it counts. */
export function counterAgent(ran: () => void): Agent {
  let count = 0;
  return defineAgent(counterDdl, () => ({
    count: () => {
      ran();
      count += 1;
      return { count };
    },
    wait: async (_, { signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      return {};
    },
  }));
}
