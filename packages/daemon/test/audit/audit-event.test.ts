import { type Proof, type Signer, seal, type Verifier } from '@troupe/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { type AuditEvent, openAuditEvent, sealAuditEvent } from '../../src/audit/audit-event.js';

const signer: Signer = { name: 'web1.lab', sign: async (payload) => Buffer.from(payload).toString('latin1') };
/** Believes everything, as of an author with this proof. */
const believing = (proof: Partial<Proof> = { name: 'web1.lab' }): Verifier => ({
  verify: async (jws) => ({
    payload: Buffer.from(jws, 'latin1'),
    proof: { vouchedBy: 'ca', key: '', ...proof },
  }),
});

const parts = { collective: 'mcollective', line: '{"outcome":"ok"}', time: 1_700_000_000_000 };
const event: AuditEvent = { v: 1, type: 'event', kind: 'audit', sender: 'web1.lab', ...parts };

async function refusal(payload: unknown, proof?: Partial<Proof>, identity = 'web1.lab') {
  const error: unknown = await openAuditEvent(await seal(payload, signer), identity, believing(proof)).catch(
    (thrown: unknown) => thrown,
  );
  expect(error).to.be.instanceOf(Error);
  return error;
}

describe('an event with a line of an audit', () => {
  it('is opened as it was sealed', async () => {
    const bytes = await sealAuditEvent(parts, signer);
    expect(await openAuditEvent(bytes, 'web1.lab', believing())).to.deep.equal(event);
  });

  it('accepts an author without a certificate if it names itself as its topic does', async () => {
    for (const proof of [{}, { collective: 'mcollective' }])
      expect(await openAuditEvent(await seal(event, signer), 'web1.lab', believing(proof))).to.deep.equal(
        event,
      );
  });

  for (const [what, payload] of [
    ['null', null],
    ['a text', 'event'],
    ['another version', { ...event, v: 2 }],
    ['another type', { ...event, type: 'reply' }],
    ['another kind', { ...event, kind: 'metric' }],
    ['a line that is no text', { ...event, line: {} }],
    ['a collective that is no text', { ...event, collective: 7 }],
    ['no time', { ...event, time: undefined }],
    ['a time that is no number', { ...event, time: '1' }],
  ] as const) {
    it(`is malformed as ${what}`, async () => {
      expect(await refusal(payload)).to.include({
        code: 'MESSAGE_MALFORMED',
        message: 'malformed event: it is not an audit log entry',
      });
    });
  }

  for (const [what, sender, proof, from] of [
    ['its certificate is of another node', 'web1.lab', { name: 'web2.lab' }, 'web2.lab'],
    ['it says the name of another node', 'web2.lab', { name: 'web1.lab' }, 'web1.lab'],
    ['nobody vouches for its name, and it says another', 'web2.lab', {}, 'web2.lab'],
  ] as const) {
    it(`is refused where ${what}`, async () => {
      expect(await refusal({ ...event, sender }, proof)).to.include({
        code: 'SIGNATURE_INVALID',
        message: `an event published on the topic of "web1.lab" comes from "${from}"`,
      });
    });
  }

  it('is refused outside of the collective that its author is confined to', async () => {
    expect(await refusal(event, { collective: 'provisioning' })).to.include({
      code: 'SIGNATURE_INVALID',
      message: 'the token of "web1.lab" is valid only in the collective "provisioning"',
    });
  });
});
