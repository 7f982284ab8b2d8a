import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TroupeError } from '@troupe/core';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import {
  listPlaces,
  type Place,
  readPlace,
  soundEntries,
  stampOf,
} from '../../../src/agents/external/places.js';
import type { ExternalEntry } from '../../../src/config.js';
import { ddlOf } from './actor.js';

describe('the places of external agents', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'places-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const at = (file: string) => join(folder, file);
  const write = (file: string, text = '{}') => {
    mkdirSync(dirname(at(file)), { recursive: true });
    writeFileSync(at(file), text);
  };
  const refusal = (work: Promise<unknown>) =>
    work.then(
      () => 'it was read',
      ({ code }: TroupeError) => code,
    );

  for (const [what, entry, words] of [
    ['nothing', {}, 'external_agents.1: set exactly one of ddl and folder'],
    [
      'both a DDL and a folder',
      { ddl: 'x', folder: 'y' },
      'external_agents.1: set exactly one of ddl and folder',
    ],
    [
      'a folder and a command',
      { folder: 'x', command: 'y' },
      'external_agents.1: command, config and role cannot be combined with folder',
    ],
    [
      'a folder and a configuration',
      { folder: 'x', config: 'y' },
      'external_agents.1: command, config and role cannot be combined with folder',
    ],
  ] as const) {
    it(`cannot be configured by ${what}`, () => {
      const { sound, faults } = soundEntries([{ folder: 'a' }, entry]);
      expect(sound).to.deep.equal([{ folder: 'a' }]);
      expect(faults.map(({ where, error: { code, message } }) => [where, code, message])).to.deep.equal([
        ['external_agents.1', 'CONFIG_INVALID', words],
      ]);
    });
  }

  it('can be configured by a DDL, with or without command and configuration, or by a folder', () => {
    const entries: readonly ExternalEntry[] = [
      { ddl: 'x' },
      { ddl: 'x', command: 'y', config: 'z' },
      { folder: 'x' },
    ];
    expect(soundEntries(entries)).to.deep.equal({ sound: entries, faults: [] });
  });

  it('are resolved from the folder of the configuration', async () => {
    write('agents/one.json');
    const entries = [
      { ddl: 'two.json' },
      { ddl: '/abs/three.json', command: 'bin/three', config: 'etc/three.cfg' },
      { folder: 'agents' },
    ];
    expect(await listPlaces(entries, at('mcod.yaml'))).to.deep.equal([
      { ddlFile: at('two.json'), isNamed: true },
      {
        ddlFile: '/abs/three.json',
        command: at('bin/three'),
        configFile: at('etc/three.cfg'),
        isNamed: true,
      },
      { ddlFile: at('agents/one.json'), isNamed: false },
    ]);
  });

  it('in a folder are its DDLs and those of its subfolders, sorted, without hidden files and schemas', async () => {
    for (const file of ['b.json', 'a.json', 'c/c.json', '.d.json', '.e/.e.json', 'f.schema.json', 'g.txt'])
      write(`agents/${file}`);
    const places = await listPlaces([{ folder: 'agents' }], at('mcod.yaml'));
    expect(places.map(({ ddlFile }) => ddlFile.slice(folder.length))).to.deep.equal([
      '/agents/a.json',
      '/agents/b.json',
      '/agents/c/c.json',
    ]);
  });

  it('in a missing folder are none', async () => {
    expect(await listPlaces([{ folder: 'none' }], at('mcod.yaml'))).to.deep.equal([]);
  });

  describe('when their DDL is read', () => {
    const named = (file: string): Place => ({ ddlFile: at(file), isNamed: true });
    const found = (file: string): Place => ({ ddlFile: at(file), isNamed: false });
    const ddl = (name: string, provider = 'external') => {
      const { metadata, actions } = ddlOf(name, {});
      write(`${name}.json`, JSON.stringify({ metadata: { ...metadata, provider }, actions }));
    };

    it('return the DDL', async () => {
      ddl('one');
      for (const place of [named('one.json'), found('one.json')])
        expect((await readPlace(place))?.metadata.name).to.equal('one');
    });

    it('are skipped in a folder if the file is gone or the provider is not external', async () => {
      ddl('ruby', 'ruby');
      expect(await readPlace(found('none.json'))).to.equal(undefined);
      expect(await readPlace(found('ruby.json'))).to.equal(undefined);
      expect((await readPlace(named('ruby.json')))?.metadata.name).to.equal('ruby');
    });

    it('are rejected if the file is unreadable, is configured and missing, or is not a DDL', async () => {
      mkdirSync(at('folder.json'));
      write('broken.json', '{');
      expect(await refusal(readPlace(named('none.json')))).to.equal('FILE_UNREADABLE');
      expect(await refusal(readPlace(found('folder.json')))).to.equal('FILE_UNREADABLE');
      expect(await refusal(readPlace(found('broken.json')))).to.equal('DDL_INVALID');
    });

    for (const name of [
      'rpcutil',
      'discovery',
      'provision',
      'choria_util',
      'choria_provision',
      'choria_registry',
      'scout',
    ]) {
      it(`are rejected under the reserved name ${name}`, async () => {
        ddl(name);
        for (const place of [named(`${name}.json`), found(`${name}.json`)])
          expect(await refusal(readPlace(place))).to.equal('AGENT_INVALID');
      });
    }
  });

  describe('with the role provision', () => {
    const place = (file: string): Place => ({ ddlFile: at(file), isNamed: true, isProvision: true });
    const faultOf = async (promise: Promise<unknown>) =>
      promise.then(
        () => undefined,
        (error: Error) => error.message,
      );

    it('may have the name provision', async () => {
      write('provision.json', JSON.stringify(ddlOf('provision', { status: {} })));
      expect((await readPlace(place('provision.json')))?.metadata.name).to.equal('provision');
    });

    it('must have this name and the action status', async () => {
      write('other.json', JSON.stringify(ddlOf('other', { status: {} })));
      write('provision.json', JSON.stringify(ddlOf('provision', { stat: {} })));
      expect(await faultOf(readPlace(place('other.json')))).to.equal(
        `${at('other.json')}: role: provision requires the name "provision", but the DDL has the name "other"`,
      );
      expect(await faultOf(readPlace(place('provision.json')))).to.match(/requires the action status/);
    });

    it('are the only ones that may have the name', async () => {
      write('provision.json', JSON.stringify(ddlOf('provision', { status: {} })));
      expect(await faultOf(readPlace({ ddlFile: at('provision.json'), isNamed: true }))).to.equal(
        `${at('provision.json')}: the name "provision" is reserved: set role: provision for it in external_agents, if it is the provision agent of this host`,
      );
    });

    it('come from the configuration, and never from a folder', async () => {
      expect(await listPlaces([{ ddl: 'provision.json', role: 'provision' }], at('mcod.yaml'))).to.deep.equal(
        [place('provision.json')],
      );
      write('agents/provision.json');
      expect(await listPlaces([{ folder: 'agents' }], at('mcod.yaml'))).to.deep.equal([
        { ddlFile: at('agents/provision.json'), isNamed: false },
      ]);
      const { faults } = soundEntries([{ folder: 'agents', role: 'provision' }]);
      expect(faults.map(({ error }) => error.message)).to.deep.equal([
        'external_agents.0: command, config and role cannot be combined with folder',
      ]);
    });

    it('exist at most once', () => {
      const entry = { ddl: 'provision.json', role: 'provision' } as const;
      const { sound, faults } = soundEntries([entry, { ...entry, ddl: 'b.json' }]);
      expect(sound).to.deep.equal([entry]);
      expect(faults.map(({ error }) => error.message)).to.deep.equal([
        'external_agents.1: only one agent can have role: provision',
      ]);
    });
  });

  it('have a stamp that changes with the DDL, the program and the configuration file', async () => {
    const place = { ddlFile: at('one.json'), configFile: at('one.cfg'), isNamed: true };
    expect(await stampOf(place)).to.equal(undefined);
    const seen = new Set<string | undefined>([undefined]);
    for (const file of ['one.json', 'one', 'one.cfg']) {
      for (const text of ['a', 'bb']) {
        write(file, text);
        const stamp = await stampOf(place);
        expect(seen.has(stamp), `${file} ${text}`).to.equal(false);
        expect(await stampOf(place)).to.equal(stamp);
        seen.add(stamp);
      }
    }
    write('other.cfg');
    expect(seen.has(await stampOf(place))).to.equal(true);
    rmSync(at('one.json'));
    mkdirSync(at('one.json'));
    expect(await stampOf(place), 'a folder is no DDL').to.equal(undefined);
  });

  it('have a stamp that changes with a program outside of their folder', async () => {
    write('one.json');
    const place = { ddlFile: at('one.json'), command: at('bin/one'), isNamed: true };
    const before = await stampOf(place);
    write('one', 'not its program');
    expect(await stampOf(place)).to.equal(before);
    write('bin/one', 'its program');
    expect(await stampOf(place)).to.not.equal(before);
  });
});
