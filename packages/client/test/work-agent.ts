import { type Agent, defineAgent } from '@troupe/core';

const text = {
  prompt: 'Text',
  description: 'A text',
  type: 'string',
  optional: true,
  validation: '.*',
  maxlength: 100,
} as const;

/** An agent that echoes, and one action of which ends when it is told to. */
export const workDdl = {
  metadata: {
    name: 'worker',
    description: 'Works',
    author: 'a',
    license: 'l',
    version: '1.0.0',
    url: 'u',
    timeout: 60,
  },
  actions: [
    {
      action: 'echo',
      description: 'Gives back',
      input: { text },
      output: { text: { description: 'The text', display_as: 'Text', type: 'string' } },
    },
    {
      action: 'hold',
      description: 'Says that it has begun, and waits',
      input: {},
      output: { text: { description: 'The text', display_as: 'Text', type: 'string' } },
    },
  ],
} as const;

/** The agent, how often its actions ran, and what ends those that wait. */
export function worker(): { agent: Agent; runs: () => number; release: () => void } {
  let runs = 0;
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const agent = defineAgent(workDdl, () => ({
    echo: ({ text }) => {
      runs += 1;
      return { text: text ?? '' };
    },
    hold: async (_, { progress }) => {
      runs += 1;
      progress('begun');
      await released;
      return { text: 'done' };
    },
  }));
  return { agent, runs: () => runs, release };
}
