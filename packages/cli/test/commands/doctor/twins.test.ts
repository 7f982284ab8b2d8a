import type { PresenceView } from '@troupe/client';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { twinFindings } from '../../../src/commands/doctor/fleet.js';

describe('machines with one identity', () => {
  it('are reported with both addresses', () => {
    const records: Record<string, object> = {
      web1: { 'x-address': '10.0.0.1', 'x-twin': '10.0.0.2' },
      web2: { 'x-address': '10.0.0.3' },
      web3: { 'x-twin': '\u001b[2J' },
    };
    const presence = { get: (name: string) => records[name] } as unknown as PresenceView;
    const findings = twinFindings(presence, ['web1', 'web2', 'web3', 'web1', 'gone']);
    expect(findings.map(({ level }) => level)).to.deep.equal(['fault', 'fault']);
    expect(findings[0]?.message).to.equal(
      'two machines use the identity web1: 10.0.0.1 and 10.0.0.2; give each machine its own identity and certificate',
    );
    expect(findings[1]?.message).to.not.include('\u001b');
  });
});
