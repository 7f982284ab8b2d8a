import type { Presence } from '@troupe/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { leftOutFindings } from '../../../src/commands/doctor/fleet.js';

describe('agents that are left out', () => {
  const record = (leftOut: unknown) => ({ leftOut }) as Presence;
  const presence = new Map<string, Presence>([
    ['web1', record(['./a.mjs', './b.mjs'])],
    ['web2', record(['./a.mjs'])],
    ['web3', record([])],
    ['web4', record('nonsense')],
    ['web5', record(['\u001b[2J'])],
  ]);

  it('are named once, with the nodes that serve without them', () => {
    const findings = leftOutFindings(presence, ['web1', 'web2', 'web3', 'web4', 'web9', 'web1']);
    expect(
      findings.map(({ level, message }) => `${level} ${message.split(' is left out')[0]}`),
    ).to.deep.equal([
      'fault web1, web2: the agent ./a.mjs could not be loaded and',
      'fault web1: the agent ./b.mjs could not be loaded and',
    ]);
  });

  it('cannot control the terminal', () => {
    const [finding] = leftOutFindings(presence, ['web5']);
    expect(finding?.message).to.not.include('\u001b');
  });
});
