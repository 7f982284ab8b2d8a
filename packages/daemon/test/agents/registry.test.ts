import { defineAgent } from '@troupe/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { tryAgent } from '../../src/agents/trial.js';
import { keptLog } from './external/actor.js';

const ddl = {
  metadata: {
    name: 'colour',
    description: 'Paints',
    author: 'x',
    license: 'x',
    version: '1.0.0',
    url: 'https://example.net',
    timeout: 5,
  },
  actions: [
    {
      action: 'paint',
      description: 'Paints',
      input: {
        colour: {
          prompt: 'Colour',
          description: 'Colour',
          type: 'string',
          optional: false,
          validation: 'colour_name',
          maxlength: 20,
        },
      },
      output: { painted: { description: 'What', display_as: 'What', type: 'string' } },
    },
  ],
} as const;

const handlers = { paint: ({ colour }: { colour: string }) => ({ painted: colour }) };

describe('an agent', () => {
  it('may bring the validators that its DDL names', async () => {
    const validators = {
      colour_name: (value: string) => (['red', 'blue'].includes(value) ? undefined : 'is no colour'),
    };
    const trial = await tryAgent(defineAgent(ddl, () => handlers, { validators }));
    expect((await trial.call('paint', { colour: 'red' })).data).to.deep.equal({ painted: 'red' });
    const refused = await trial.call('paint', { colour: 'loud' });
    expect(refused).to.include({ statuscode: 4 });
    expect(refused.statusmsg).to.include('is no colour');
    await trial.close();
  });

  it('is refused when it names a validator that nobody has', async () => {
    const error = await tryAgent(defineAgent(ddl, () => handlers)).catch((cause: Error) => cause);
    expect(error)
      .to.be.instanceOf(Error)
      .with.property('message')
      .that.includes('unknown validator "colour_name"');
  });

  it('is refused when it brings a data plugin that no filter could ask', async () => {
    const agent = defineAgent({ ...ddl, actions: [] }, (_, host) => {
      host.provideData('or', () => ({}));
      return {};
    });
    const error = await tryAgent(agent).catch((cause: Error) => cause);
    expect(error).to.have.property('message').that.includes('"or" is not a valid name for a data plugin');
  });

  it('is closed once, the last opened first, also when its set-up fails or closing does', async () => {
    const closed: string[] = [];
    const validators = { colour_name: () => undefined };
    const { log, lines } = keptLog();
    const agent = defineAgent(
      ddl,
      (config, host) => {
        host.onClose(() => void closed.push('first'));
        host.onClose(() => Promise.reject(new Error('it jams')));
        host.onClose(async () => void closed.push('third'));
        if (config.fail) throw new Error('no paint');
        return handlers;
      },
      { validators },
    );
    const trial = await tryAgent(agent, { log });
    expect(closed).to.deep.equal([]);
    await trial.close();
    expect(closed.splice(0)).to.deep.equal(['third', 'first']);
    expect(lines.map(({ msg, reason }) => [msg, reason])).to.deep.equal([
      ['an agent failed to close', 'it jams'],
    ]);
    const error = await tryAgent(agent, { config: { fail: true } }).catch((cause: Error) => cause);
    expect(error).to.have.property('message', 'colour: setup failed: no paint');
    expect(closed).to.deep.equal(['third', 'first']);
  });
});
