import { appendFileSync, existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { type ActionDdl, ActionError, defineAgent } from '@troupe/core';

const action = <const A extends string, const E extends Partial<ActionDdl>>(name: A, extra: E) =>
  ({
    action: name,
    description: `The action ${name} of the suite`,
    display: 'always',
    input: {},
    output: {},
    ...extra,
  }) as const;

const nonce = {
  prompt: 'Nonce',
  description: 'Names this call in the ledger of executions',
  type: 'string',
  optional: false,
  validation: '^[a-z0-9]+$',
  maxlength: 40,
} as const;

/** An agent whose DDL only its nodes have; it uses only what both versions offer to agents. */
export const ddl = {
  metadata: {
    name: 'mixed',
    description: 'Ends in every way that an action can',
    author: 'The tests',
    license: 'Apache-2.0',
    version: '1.0.0',
    url: 'https://example.net',
    timeout: 60,
  },
  actions: [
    action('weigh', {
      mutating: false,
      input: {
        unit: { prompt: 'Unit', description: 'kg or lb', type: 'list', optional: true, list: ['kg', 'lb'] },
      },
      output: {
        weight: { description: 'Weight of the node', display_as: 'Weight', type: 'integer' },
        unit: { description: 'Unit of the weight', display_as: 'Unit', type: 'string' },
        notes: { description: 'Nested data', display_as: 'Notes' },
      },
      aggregate: [{ function: 'sum', args: ['weight'] }],
    }),
    action('change', { mutating: true, input: { nonce } }),
    action('hold', { mutating: true, input: { nonce } }),
    action('hang', { mutating: false, timeout: 1 }),
    action('fail', {
      mutating: false,
      input: { status: { prompt: 'Status', description: '1 to 5', type: 'integer', optional: false } },
    }),
    action('crash', { mutating: false }),
    action('forbidden', { mutating: true, input: { nonce } }),
  ],
} as const;

export default defineAgent(ddl, (config, { identity }) => {
  const folder = String(config.folder);
  const note = (name: string) => appendFileSync(`${folder}/ledger`, `${name} ${identity}\n`);
  return {
    weigh: ({ unit }) => ({
      weight: identity.length,
      unit: unit ?? 'kg',
      notes: { 'ключ "ü"': [1, null, { deep: true }] },
    }),
    change: (input) => {
      note(input.nonce);
      return {};
    },
    hold: async (input, { progress, signal }) => {
      note(input.nonce);
      for (const line of ['one', 'two\nthree']) progress(line);
      while (!existsSync(`${folder}/release-${input.nonce}`)) await delay(50, undefined, { signal });
      progress('released');
      return {};
    },
    hang: () => new Promise<never>(() => {}),
    fail: ({ status }) => {
      throw new ActionError(`failed with ${status}`, status as 1 | 2 | 3 | 4 | 5);
    },
    crash: () => {
      throw new TypeError('secret detail');
    },
    forbidden: (input) => {
      note(input.nonce);
      return {};
    },
  };
});
