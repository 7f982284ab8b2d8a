import { setTimeout as delay } from 'node:timers/promises';
import { type ActionDdl, ActionError, defineAgent } from '@troupe/core';

const text = (prompt: string, optional = true) =>
  ({
    prompt,
    description: `${prompt} of the test`,
    type: 'string',
    optional,
    validation: '.',
    maxlength: 40,
  }) as const;
const action = <const A extends string, const E extends Partial<ActionDdl>>(name: A, extra: E) =>
  ({
    action: name,
    description: `The action ${name} of the test`,
    display: 'always',
    input: {},
    output: {},
    ...extra,
  }) as const;

/** An agent that only its nodes know: all the ways in which an action can end. */
export const ddl = {
  metadata: {
    name: 'lab',
    description: 'Ends in every way that there is',
    author: 'The tests',
    license: 'Apache-2.0',
    version: '1.2.0',
    url: 'https://example.net',
    timeout: 10,
  },
  actions: [
    action('weigh', {
      mutating: false,
      input: {
        unit: { prompt: 'Unit', description: 'kg or lb', type: 'list', optional: true, list: ['kg', 'lb'] },
        brief: { prompt: 'Brief', description: 'Say less', type: 'boolean', optional: true },
      },
      output: {
        weight: { description: 'How heavy', display_as: 'Weight', type: 'integer' },
        unit: { description: 'In what', display_as: 'Unit of Weight', type: 'string' },
        notes: { description: 'More', display_as: 'Notes' },
      },
      aggregate: [
        { function: 'sum', args: ['weight', { format: 'Together: %d' }] },
        { function: 'summary', args: ['unit'] },
      ],
    }),
    action('move', { mutating: true, display: 'failed', input: { to: text('Place', false) } }),
    action('fail', { mutating: false, display: 'failed', input: { on: text('Node') } }),
    action('crash', { mutating: false }),
    action('hang', { mutating: false, timeout: 0.5 }),
    action('slow', {
      mutating: false,
      timeout: 60,
      input: { seconds: { prompt: 'S', description: 's', type: 'number', optional: false } },
    }),
  ],
} as const;

export default defineAgent(ddl, (_, { identity }) => ({
  weigh: ({ unit, brief }) => ({
    weight: identity.length,
    unit: unit ?? 'kg',
    notes: brief ? null : { seen: ['today', 'yesterday'], by: `\u001b[31m${identity}\u001b[0m` },
  }),
  move: () => ({}),
  fail: ({ on }) => {
    if (on === undefined || on === identity) throw new ActionError('no disk\nnone at all');
    return {};
  },
  crash: () => {
    throw new TypeError('secret detail');
  },
  hang: () => new Promise(() => {}),
  slow: async ({ seconds }, { progress, signal }) => {
    for (const line of ['one', 'two\nthree']) progress(line);
    await delay(seconds * 1000, undefined, { signal });
    return {};
  },
}));
