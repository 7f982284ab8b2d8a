import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { LoadedAgent } from '../../src/agent/registry.js';
import { entryOf } from '../../src/daemon/audit-entry.js';
import { compileDdl } from '../../src/ddl/compile.js';
import { parseFilter } from '../../src/filter/index.js';
import type { Request } from '../../src/message/message.js';
import { ddlOf } from '../agent/external/actor.js';
import { requestOf } from './request.js';

const text = { prompt: 'T', description: 'T', type: 'string', optional: true, maxlength: 9 } as const;
const compiled = compileDdl(
  ddlOf('work', {
    do: { input: { text: { ...text, validation: '.' }, pin: { ...text, validation: '.', secret: true } } },
  }),
);
const agent = { name: 'work', compiled } as LoadedAgent;
const request = (parts: Partial<Request> = {}) => requestOf({ collective: 'eu', ...parts });
const common = {
  request: 'a'.repeat(32),
  caller: 'rip.mcollective',
  collective: 'eu',
  agent: 'work',
  action: 'do',
};

describe('the entry of a request in the audit', () => {
  it('has the input without its secrets', () => {
    expect(entryOf(request({ input: { text: 'x', pin: '1234' } }), agent)).to.deep.equal({
      ...common,
      input: { text: 'x', pin: '[redacted]' },
    });
  });

  it('has no input that no DDL is known for', () => {
    expect(entryOf(request({ input: { pin: '1234' } }), undefined)).to.deep.equal(common);
    expect(entryOf(request({ action: 'none', input: { pin: '1234' } }), agent)).to.deep.equal({
      ...common,
      action: 'none',
    });
  });

  it('has those parts of the filter that say something', () => {
    const filter = parseFilter({ classes: ['role::web'], identities: ['web1.lab'] });
    expect(entryOf(request({ filter }), agent)).to.deep.equal({
      ...common,
      input: {},
      filter: { classes: ['role::web'], identities: ['web1.lab'] },
    });
  });

  it('says of a filter that cannot be read only that', () => {
    expect(entryOf(request({ filter: { nonsense: 'x' } as never }), agent)).to.include({
      filter: '(malformed)',
    });
  });
});
