import ddl from '@troupe/ddl/rpcutil.json' with { type: 'json' };
import { expect } from 'chai';
import { describe, it } from 'mocha';
import type {
  ActionNames,
  ActionOf,
  CallInputOf,
  DataOf,
  Ddl,
  InputOf,
  OutputOf,
} from '../../src/ddl/ddl.js';

const text = { prompt: 'p', description: 'd', type: 'string', validation: '.', maxlength: 5 } as const;
const shown = { description: 'd', display_as: 'D' } as const;
const small = {
  metadata: {
    name: 'small',
    description: 'd',
    author: 'a',
    license: 'l',
    version: '1',
    url: 'u',
    timeout: 2,
  },
  actions: [
    {
      action: 'act',
      description: 'd',
      input: {
        needed: text,
        mode: { ...text, type: 'list', list: ['fast', 'slow'], default: 'fast', optional: false },
        count: { ...text, type: 'integer', optional: true, default: null },
        items: { ...text, type: 'Array', optional: true },
        pairs: { ...text, type: 'hash', optional: true },
        flag: { ...text, type: 'boolean', optional: true },
      },
      output: { done: { ...shown, type: 'boolean' }, any: shown },
    },
    { action: 'open', description: 'd', additional_inputs: true, input: { name: text }, output: {} },
  ],
} as const satisfies Ddl;

type Act = ActionOf<typeof small, 'act'>;
type Open = ActionOf<typeof small, 'open'>;

describe('the types of a DDL', () => {
  it('of inputs follow the JSON', () => {
    const right: InputOf<Act>[] = [
      { needed: 'x', mode: 'fast' },
      { needed: 'x', mode: 'slow', count: 1, items: [1], pairs: { a: 1 }, flag: true },
    ];
    expect(right).to.have.length(2);
    // @ts-expect-error a required input is left out
    const missing: InputOf<Act> = { mode: 'fast' };
    // @ts-expect-error a value that is not in the list
    const outside: InputOf<Act> = { needed: 'x', mode: 'medium' };
    // @ts-expect-error a text for a number
    const mistyped: InputOf<Act> = { needed: 'x', mode: 'fast', count: '1' };
    // @ts-expect-error an input that is not declared
    const undeclared: InputOf<Act> = { needed: 'x', mode: 'fast', more: 1 };
    expect([missing, outside, mistyped, undeclared]).to.have.length(4);
  });

  it('of a call leave out what has a default', () => {
    const right: CallInputOf<Act>[] = [{ needed: 'x' }, { needed: 'x', mode: 'slow' }];
    expect(right).to.have.length(2);
    // @ts-expect-error a null is no default
    const missing: CallInputOf<Act> = { mode: 'fast' };
    expect(missing).to.be.an('object');
  });

  it('of an open action take more, and still know what is declared', () => {
    const right: InputOf<Open> = { name: 'x', ensure: 'present' };
    expect(right.ensure).to.equal('present');
    // @ts-expect-error a number for a text
    const mistyped: InputOf<Open> = { name: 5, ensure: 'present' };
    expect(mistyped).to.be.an('object');
  });

  it('of outputs are optional for a handler and present for a client', () => {
    const output: OutputOf<Act> = { done: true };
    const data: DataOf<Act> = { done: null, any: [1] };
    expect([output, data]).to.have.length(2);
    // @ts-expect-error an output that is not declared
    const undeclared: OutputOf<Act> = { doen: true };
    // @ts-expect-error a text for a truth value
    const mistyped: OutputOf<Act> = { done: 'yes' };
    // @ts-expect-error a client gets every output
    const missing: DataOf<Act> = { done: true };
    expect([undeclared, mistyped, missing]).to.have.length(3);
  });

  it('come from the JSON file itself', () => {
    const name: ActionNames<typeof ddl> = 'get_fact';
    const input: InputOf<ActionOf<typeof ddl, 'get_fact'>> = { fact: 'os' };
    expect([name, input]).to.have.length(2);
    // @ts-expect-error an action that the DDL does not have
    const unknown: ActionNames<typeof ddl> = 'get_fcat';
    // @ts-expect-error an input that the action does not have
    const undeclared: InputOf<ActionOf<typeof ddl, 'get_fact'>> = { fcat: 'os' };
    expect([unknown, undeclared]).to.have.length(2);
  });
});
