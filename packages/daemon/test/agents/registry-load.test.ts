import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Agent, type AgentConfig, type Host, TroupeError } from '@troupe/core';
import { expect } from 'chai';
import { beforeEach, describe, it } from 'mocha';
import { agentStateDir, Registry } from '../../src/agents/registry.js';
import { ddlOf, keptLog } from './external/actor.js';

const show = () => ({});

describe('Registry', () => {
  let registry: Registry;
  let kept: ReturnType<typeof keptLog>;
  beforeEach(() => {
    registry = new Registry();
    kept = keptLog();
  });

  const agent = (
    handlers: object | undefined,
    version = '1.0.0',
    ddl = ddlOf('work', { show: {} }, version),
  ) => ({ ddl, setup: async () => handlers }) as Agent;
  const add = (subject: Agent, options: { replaces?: boolean; config?: AgentConfig } = {}) => {
    const { config = {}, ...rest } = options;
    return registry.add(subject, 'here', config, { log: kept.log } as Host, rest);
  };
  const refusal = (work: Promise<unknown>) =>
    work.then(
      () => 'it was loaded',
      ({ code, message }: TroupeError) => `${code}: ${message}`,
    );
  const version = () => registry.get('work')?.compiled.ddl.metadata.version;

  it('lists agents by name, with the hash of their DDLs', async () => {
    expect(await add(agent({ show }))).to.equal(true);
    expect(await add(agent({ show }, '1.0.0', ddlOf('aid', { show: {} })))).to.equal(true);
    expect(registry.names()).to.deep.equal(['aid', 'work']);
    expect(registry.all().map(({ name }) => name)).to.deep.equal(['work', 'aid']);
    const { name, hash, handlers } = registry.get('work') ?? {};
    expect({ name, handlers }).to.deep.equal({ name: 'work', handlers: { show } });
    expect(hash)
      .to.match(/^[0-9a-f]{64}$/)
      .and.not.equal(registry.get('aid')?.hash);
    registry.remove('work');
    expect(registry.get('work')).to.equal(undefined);
    expect(registry.names()).to.deep.equal(['aid']);
  });

  it('rejects a second agent of the same name before setting it up', async () => {
    await add(agent({ show }));
    let isSetUp = false;
    const second: Agent = {
      ddl: ddlOf('work', { show: {} }, '2.0.0'),
      setup: async () => {
        isSetUp = true;
        return { show };
      },
    };
    expect(await refusal(add(second))).to.equal(
      'AGENT_INVALID: here: an agent named "work" is already loaded',
    );
    expect([isSetUp, version()]).to.deep.equal([false, '1.0.0']);
  });

  it('rejects an agent if another of its name was added during its setup', async () => {
    let go = () => {};
    const slow: Agent = {
      ddl: ddlOf('work', { show: {} }, '2.0.0'),
      setup: () =>
        new Promise((resolve) => {
          go = () => resolve({ show });
        }),
    };
    const added = refusal(add(slow));
    await add(agent({ show }));
    go();
    expect(await added).to.equal('AGENT_INVALID: here: an agent named "work" is already loaded');
    expect(version()).to.equal('1.0.0');
  });

  it('replaces an agent if asked to', async () => {
    await add(agent({ show }));
    expect(await add(agent({ show }, '2.0.0'), { replaces: true })).to.equal(true);
    expect(version()).to.equal('2.0.0');
  });

  it('skips an agent that does not apply, and keeps the one it would replace', async () => {
    expect(await add(agent(undefined))).to.equal(false);
    expect(registry.names()).to.deep.equal([]);
    await add(agent({ show }));
    expect(await add(agent(undefined, '2.0.0'), { replaces: true })).to.equal(false);
    expect(version()).to.equal('1.0.0');
  });

  it('warns about missing validators if an agent is loaded without them', async () => {
    const text = { prompt: 'T', description: 'T', type: 'string', optional: true, maxlength: 9 } as const;
    const ddl = ddlOf('work', { show: { input: { text: { ...text, validation: 'colour_name' } } } });
    const compileOptions = { unknownValidators: 'skip' } as const;
    expect(await add({ ddl, compileOptions, setup: async () => ({ show }) })).to.equal(true);
    expect(kept.lines.map(({ level, msg, validator }) => [level, msg, validator])).to.deep.equal([
      [
        40,
        'the DDL uses a validator that this node does not have: the agent must check this input itself',
        'colour_name',
      ],
    ]);
  });

  for (const [what, handlers, message] of [
    ['lacks handlers', {}, 'here: no handler for show'],
    ['has a handler that is not a function', { show: 'text' }, 'here: no handler for show'],
    [
      'has handlers that are not in its DDL',
      { show, hide: show, seek: show },
      'here: handlers for actions that the DDL does not declare: hide, seek',
    ],
  ] as const) {
    it(`rejects an agent that ${what}`, async () => {
      expect(await refusal(add(agent(handlers)))).to.equal(`AGENT_INVALID: ${message}`);
      expect(registry.names()).to.deep.equal([]);
    });
  }

  it('rejects an agent with an invalid DDL', async () => {
    expect(await refusal(add(agent({ show }, '1.0.0', { metadata: { name: 'work' } } as never)))).to.match(
      /^DDL_INVALID: DDL here: /,
    );
  });

  it('keeps the error code of a failed setup and adds the place', async () => {
    const faulty = (error: Error): Agent => ({ ...agent({ show }), setup: () => Promise.reject(error) });
    const cause = new TroupeError('CONFIG_INVALID', 'plugins.work.depth: must be a number');
    expect(await refusal(add(faulty(cause)))).to.equal(
      'CONFIG_INVALID: here: plugins.work.depth: must be a number',
    );
    expect(await refusal(add(faulty(new Error('no device'))))).to.equal(
      'AGENT_INVALID: here: setup failed: no device',
    );
  });

  it('compiles the DDL again for an agent with its own validators, otherwise once', async () => {
    const text = { prompt: 'T', description: 'T', type: 'string', optional: true, maxlength: 9 } as const;
    const ddl = ddlOf('work', { show: { input: { text: { ...text, validation: 'colour_name' } } } });
    const own = (words: string): Agent => ({
      ddl,
      compileOptions: { validators: { colour_name: () => words } },
      setup: async () => ({ show }),
    });
    const fault = () => registry.get('work')?.compiled.action('show')?.checkInput({ text: 'x' })?.message;
    for (const words of ['is no colour', 'is too loud']) {
      await add(own(words), { replaces: true });
      expect(fault()).to.include(words);
    }
    const plain = agent({ show });
    await add(plain, { replaces: true });
    const first = registry.get('work')?.compiled;
    await add(plain, { replaces: true });
    expect(registry.get('work')?.compiled).to.equal(first);
  });
});

describe('agentStateDir', () => {
  it('is created if needed, with access for the daemon only', () => {
    const folder = mkdtempSync(join(tmpdir(), 'registry-'));
    try {
      for (const _ of [1, 2]) {
        const made = agentStateDir(folder, 'work');
        expect(made).to.equal(join(folder, 'agents/work'));
        expect(existsSync(made)).to.equal(true);
        expect(statSync(made).mode & 0o777).to.equal(0o700);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
