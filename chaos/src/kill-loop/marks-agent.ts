import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { defineAgent } from '@troupe/core';

/** A line of the file that shows what ran. */
export interface Mark {
  readonly id: string;
  readonly what: 'begin' | 'end';
}

/** An action with an effect that can be counted: a line at its begin and one at its end, on disk before it goes on. */
export const marksDdl = {
  metadata: {
    name: 'marks',
    description: 'Writes marks to a file',
    author: 'Troupe',
    license: 'Apache-2.0',
    version: '1.0.0',
    url: 'https://example.com',
    timeout: 60,
  },
  actions: [
    {
      action: 'mark',
      description: 'Writes a mark when it starts and another when it ends',
      mutating: true,
      input: {
        takes: {
          prompt: 'Takes',
          description: 'Milliseconds between the two marks',
          type: 'integer',
          optional: false,
          minimum: 0,
          maximum: 10_000,
        },
      },
      output: {
        marked: { description: 'The request that was marked', display_as: 'Marked', type: 'string' },
      },
    },
  ],
} as const;

export default defineAgent(marksDdl, (config) => {
  const file = String(config.file);
  const mark = (line: Mark) => {
    const fd = openSync(file, 'a', 0o600);
    try {
      writeSync(fd, Buffer.from(`${JSON.stringify(line)}\n`));
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  };
  return {
    mark: async ({ takes }, { requestId: id }) => {
      mark({ id, what: 'begin' });
      if (takes > 0) await pause(takes);
      mark({ id, what: 'end' });
      return { marked: id };
    },
  };
});
