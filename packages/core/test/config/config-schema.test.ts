import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { ConfigOf } from '../../src/config/config-schema.js';
import { checkConfig, parseConfig } from '../../src/config/load.js';
import { optionalSection, section } from '../../src/config/sections.js';

const schema = section(
  {
    name: { type: 'string' },
    title: { type: 'string' },
    level: { enum: ['low', 'high', false], default: 'low' },
    port: { type: 'integer', default: 1883 },
    paths: { type: ['array', 'null'], items: { type: 'string' }, default: [] },
    hosts: {
      type: 'object',
      additionalProperties: section({ weight: { type: 'number', default: 1 } }),
      default: {},
    },
    log: section({ file: { type: 'string' }, quiet: { type: 'boolean', default: false } }),
    facter: optionalSection({ interval: { type: 'number', default: 1800 } }),
    rest: { type: 'object' },
  },
  'name',
);

/** What the schema means, written by hand: the compiler checks below that it is the same. */
interface Config {
  readonly name: string;
  readonly title?: string;
  readonly level: 'low' | 'high' | false;
  readonly port: number;
  readonly paths: readonly string[] | null;
  readonly hosts: { readonly [name: string]: { readonly weight: number } };
  readonly log: { readonly file?: string; readonly quiet: boolean };
  readonly facter?: { readonly interval: number };
  readonly rest?: { readonly [name: string]: unknown };
}

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

describe('the type of a configuration', () => {
  it('is what its schema accepts, with the defaults filled in', () => {
    const isSame: Same<ConfigOf<typeof schema>, Config> = true;
    expect(isSame).to.equal(true);
    const config: Config = checkConfig({ name: 'a', hosts: { web1: {} } }, schema, 'here');
    expect(config).to.deep.equal({
      name: 'a',
      level: 'low',
      port: 1883,
      paths: [],
      hosts: { web1: { weight: 1 } },
      log: { quiet: false },
    });
  });

  it('has a section without a default only if it is written', () => {
    expect(parseConfig('{ name: a, facter: {} }', schema, 'here').facter).to.deep.equal({ interval: 1800 });
    expect(parseConfig('name: a', schema, 'here').facter).to.equal(undefined);
  });

  it('does not compile if it differs from the schema', () => {
    const config = checkConfig({ name: 'a' }, schema, 'here');
    // @ts-expect-error: no such key.
    expect(config.colour).to.equal(undefined);
    // @ts-expect-error: a number.
    const port: string = config.port;
    expect(port).to.equal(1883);
    // @ts-expect-error: it may be left out.
    const title: string = config.title;
    expect(title).to.equal(undefined);
    // @ts-expect-error: nobody changes a configuration.
    expect(() => (config.port = 1)).to.throw(TypeError);
    const wide = { type: 'string' };
    // @ts-expect-error: without `as const` its type says nothing.
    section({ wide });
    // @ts-expect-error: a required key that the section does not have.
    section({ name: { type: 'string' } }, 'nmae');
  });
});
