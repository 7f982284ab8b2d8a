import { compileDdl, parseFilter, type Request } from '@troupe/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { LoadedAgent } from '../../src/agents/registry.js';
import { entryOf } from '../../src/audit/audit-entry.js';
import { ddlOf } from '../agents/external/actor.js';
import { requestOf } from '../request/request.js';

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

describe('the audit entry of a request', () => {
  it('contains the input without secrets', () => {
    expect(entryOf(request({ input: { text: 'x', pin: '1234' } }), agent)).to.deep.equal({
      ...common,
      input: { text: 'x', pin: '[redacted]' },
    });
  });

  it('contains the trace of the caller', () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    expect(entryOf(request({ traceparent }), agent)).to.deep.equal({ ...common, traceparent, input: {} });
  });

  it('omits the input if no DDL is known for it', () => {
    expect(entryOf(request({ input: { pin: '1234' } }), undefined)).to.deep.equal(common);
    expect(entryOf(request({ action: 'none', input: { pin: '1234' } }), agent)).to.deep.equal({
      ...common,
      action: 'none',
    });
  });

  it('contains the non-empty parts of the filter', () => {
    const filter = parseFilter({ classes: ['role::web'], identities: ['web1.lab'] });
    expect(entryOf(request({ filter }), agent)).to.deep.equal({
      ...common,
      input: {},
      filter: { classes: ['role::web'], identities: ['web1.lab'] },
    });
  });

  it('marks a malformed filter as such', () => {
    expect(entryOf(request({ filter: { nonsense: 'x' } as never }), agent)).to.include({
      filter: '(malformed)',
    });
  });
});
