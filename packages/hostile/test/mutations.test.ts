import { expect } from 'chai';
import { describe, it } from 'mocha';
import { holesBefore } from '../src/before.js';
import { allAttacks } from '../src/suite.js';

interface Mutations {
  readonly mutations: readonly { readonly check: string; readonly attack: string }[];
}

interface Driver {
  readonly misfits: () => readonly string[];
}

function load<T>(file: string): Promise<T> {
  return import(new URL(`../../../../scripts/hostile/${file}`, import.meta.url).href) as Promise<T>;
}

describe('the checks that npm run hostile -- --mutate disables', () => {
  it('are in the compiled code, each once', async () => {
    const { misfits } = await load<Driver>('mutate.mjs');
    expect(misfits()).to.deep.equal([]);
  });

  it('each have an attack that is expected to notice', async () => {
    const { mutations } = await load<Mutations>('mutations.mjs');
    const names = allAttacks.map(({ attack }) => attack.name);
    const unknown = mutations.filter(({ attack }) => !names.some((name) => name.includes(attack)));
    expect(unknown).to.deep.equal([]);
    expect(new Set(mutations.map(({ check }) => check)).size).to.equal(mutations.length);
  });
});

describe('the page of attacks', () => {
  it('lists what did not hold before with attacks that exist', () => {
    expect(holesBefore().every(({ attacks }) => attacks.length > 0)).to.equal(true);
  });
});
