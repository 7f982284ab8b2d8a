import { existsSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { defineAgent } from '@troupe/core';

const file = {
  prompt: 'File',
  description: 'A path',
  type: 'string',
  optional: false,
  maxlength: 200,
  validation: '^[\\w/.-]+$',
} as const;

/** What the tests over all brokers call. */
export const stageDdl = {
  metadata: {
    name: 'stage',
    description: 'Plays what a test wants',
    author: 'Troupe',
    license: 'Apache-2.0',
    version: '1.0.0',
    url: 'https://example.com',
    timeout: 180,
  },
  actions: [
    {
      action: 'hold',
      description: 'Says so when it has begun, counts, and ends when a file is there',
      mutating: true,
      input: { file },
      output: { runs: { description: 'How often', display_as: 'Runs', type: 'integer' } },
    },
    {
      action: 'bulk',
      description: 'Returns so many bytes',
      input: {
        bytes: { prompt: 'Bytes', description: 'How many', type: 'integer', optional: false, minimum: 1 },
      },
      output: { text: { description: 'The bytes', display_as: 'Text', type: 'string' } },
    },
    {
      action: 'steps',
      description: 'Tells of each step',
      input: {
        steps: { prompt: 'Steps', description: 'How many', type: 'integer', optional: false, minimum: 1 },
      },
      output: { last: { description: 'The last step', display_as: 'Last', type: 'integer' } },
    },
    {
      action: 'unlock',
      description: 'Exchanges a password for a token',
      input: {
        name: {
          prompt: 'Name',
          description: 'Which vault',
          type: 'string',
          optional: false,
          maxlength: 20,
          validation: '^[a-z]+$',
        },
        password: {
          prompt: 'Password',
          description: 'Its password',
          type: 'string',
          optional: false,
          maxlength: 20,
          validation: '.',
          secret: true,
        },
      },
      output: {
        name: { description: 'Which vault', display_as: 'Name', type: 'string' },
        token: { description: 'The token', display_as: 'Token', type: 'string', secret: true },
      },
    },
  ],
} as const;

export default defineAgent(stageDdl, () => {
  let runs = 0;
  return {
    hold: async ({ file }, { signal, progress }) => {
      runs += 1;
      progress({ begun: runs });
      while (!existsSync(file)) await pause(50, undefined, { signal });
      return { runs };
    },
    bulk: ({ bytes }) => ({ text: 'x'.repeat(bytes) }),
    steps: ({ steps }, { progress }) => {
      for (let step = 1; step <= steps; step += 1) progress({ step });
      return { last: steps };
    },
    unlock: ({ name, password }) => ({ name, token: `token for ${password}` }),
  };
});
