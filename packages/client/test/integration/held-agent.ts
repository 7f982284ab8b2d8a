import { appendFileSync, existsSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { defineAgent } from '@troupe/core';

const path = {
  prompt: 'Path',
  description: 'A file',
  type: 'string',
  optional: false,
  validation: '^/[\\w/.-]+$',
  maxlength: 300,
} as const;

/** An action that goes on until a file is there, and notes each time that it runs. */
export const heldDdl = {
  metadata: {
    name: 'held',
    description: 'Waits for a file',
    author: 'Troupe',
    license: 'Apache-2.0',
    version: '1.0.0',
    url: 'https://example.com',
    timeout: 600,
  },
  actions: [
    {
      action: 'hold',
      description: 'Waits until the gate is there',
      mutating: true,
      input: { gate: path, notes: path },
      output: { saw: { description: 'What ended it', display_as: 'Saw', type: 'string' } },
    },
  ],
} as const;

export default defineAgent(heldDdl, () => ({
  hold: async ({ gate, notes }, { identity, progress, signal }) => {
    appendFileSync(notes, `${identity}\n`);
    progress('begun');
    while (!existsSync(gate)) await pause(20, undefined, { signal });
    progress('the gate is there');
    return { saw: gate };
  },
}));
