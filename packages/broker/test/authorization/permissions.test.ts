import { Topics } from '@troupe/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { membership } from '../../src/authorization/membership.js';
import {
  mayPublish,
  maySubscribe,
  type Party,
  type Role,
  type Rules,
} from '../../src/authorization/permissions.js';

const own = 'n1.example.com';
const other = 'n2.example.com';

const parties: Record<Role, Party> = {
  node: { role: 'node', name: own },
  caller: { role: 'caller', name: own },
  enrolling: { role: 'enrolling', name: own, collective: 'provisioning' },
  anyone: { role: 'anyone', name: 'anonymous' },
};
const roles = ['node', 'caller', 'enrolling', 'anyone'] as const;

/** Which roles are allowed: n(ode), c(aller), e(nrolling), a(nyone); `-` for none. */
type Marks = string;

function marksOf(judge: (party: Party) => { allowed: boolean }): Marks {
  return (
    roles
      .filter((role) => judge(parties[role]).allowed)
      .map((role) => role[0])
      .join('') || '-'
  );
}

const main = 'mco/mcollective';
const enrolment = 'mco/provisioning';
const fileId = '0123456789abcdef'.repeat(2);

const publishes: readonly [topic: string, allowed: Marks][] = [
  [`${main}/agent/rpcutil`, 'ca'],
  [`${main}/agent/v2-rpcutil`, 'ca'],
  [`${main}/node/${own}`, 'ca'],
  [`${main}/node/${other}`, 'ca'],
  [`${main}/presence/${own}`, 'na'],
  [`${main}/presence/${other}`, 'a'],
  [`${main}/event/${own}`, 'nca'],
  [`${main}/event/${other}`, 'a'],
  [`${main}/reply/alice.mcollective/s1/${own}`, 'na'],
  [`${main}/reply/alice.mcollective/s1/${other}`, 'a'],
  [`${main}/reply/${own}/s1/${other}`, 'a'],
  [`${main}/file/${own}/${fileId}/0`, 'ca'],
  [`${main}/file/${other}/${fileId}/0`, 'a'],
  [`${main}/file/${own}/${fileId}/+`, '-'],
  [`${main}/file/${own}/x/0`, '-'],
  ['mco/elsewhere/presence/n1.example.com', 'na'],

  [`${enrolment}/agent/provision`, 'ca'],
  [`${enrolment}/node/${own}`, 'ca'],
  [`${enrolment}/node/${other}`, 'ca'],
  [`${enrolment}/presence/${own}`, 'ea'],
  [`${enrolment}/presence/${other}`, 'a'],
  [`${enrolment}/event/${own}`, 'cea'],
  [`${enrolment}/event/${other}`, 'a'],
  [`${enrolment}/reply/alice.mcollective/s1/${own}`, 'ea'],
  [`${enrolment}/reply/alice.mcollective/s1/${other}`, 'a'],

  ['', '-'],
  ['mco', '-'],
  ['other/topic', '-'],
  ['$SYS/broker/heartbeat', '-'],
  [`x${main}/event/${own}`, '-'],
  [`/${main}/event/${own}`, '-'],
  [`${main}/event/${own}/more`, '-'],
  [`${main}/event`, '-'],
  [`${main}/event/`, '-'],
  [`${main}/event/+`, '-'],
  [`${main}/event/#`, '-'],
  ['mco/+/event/n1.example.com', '-'],
  [`${main}/event/N1.example.com`, '-'],
  [`${main}/event/n1%2Eexample%2Ecom`, '-'],
  [`${main}/constructor/${own}`, '-'],
  [`${main}/__proto__/${own}`, '-'],
  [`${main}/reply/alice.mcollective/${own}`, '-'],
];

const subscriptions: readonly [filter: string, allowed: Marks][] = [
  [`${main}/agent/rpcutil`, 'na'],
  [`${main}/agent/v2-rpcutil`, 'na'],
  [`${main}/agent/+`, 'na'],
  [`${main}/agent/#`, 'na'],
  [`${main}/node/${own}`, 'na'],
  [`${main}/node/${other}`, 'a'],
  [`${main}/node/+`, 'a'],
  [`${main}/node/#`, 'a'],
  [`${main}/presence/${own}`, 'nca'],
  [`${main}/presence/${other}`, 'ca'],
  [`${main}/presence/+`, 'ca'],
  [`${main}/presence/#`, 'ca'],
  [`${main}/event/#`, 'ca'],
  [`${main}/event/${other}`, 'ca'],
  [`${main}/reply/${own}/#`, 'ca'],
  [`${main}/reply/${own}/s1/#`, 'ca'],
  [`${main}/reply/${own}/+/+`, 'ca'],
  [`${main}/reply/${own}/s1/${other}`, 'ca'],
  [`${main}/reply/${other}/#`, 'a'],
  [`${main}/reply/${other}/s1/#`, 'a'],
  [`${main}/reply/+/s1/#`, 'a'],
  [`${main}/reply/#`, 'a'],
  [`${main}/reply/+/+/${own}`, 'a'],
  [`${main}/file/${other}/${fileId}/+`, 'na'],
  [`${main}/file/${other}/${fileId}/#`, 'na'],
  [`${main}/file/+/+/+`, 'na'],
  [`${main}/file/#`, 'na'],

  [`${enrolment}/agent/provision`, 'ea'],
  [`${enrolment}/agent/v2-provision`, 'ea'],
  [`${enrolment}/agent/+`, 'ea'],
  [`${enrolment}/node/${own}`, 'ea'],
  [`${enrolment}/node/${other}`, 'a'],
  [`${enrolment}/presence/#`, 'ca'],
  [`${enrolment}/event/#`, 'ca'],
  [`${enrolment}/reply/${own}/#`, 'ca'],
  [`${enrolment}/file/${other}/${fileId}/+`, 'ea'],

  ['mco/+/agent/rpcutil', 'a'],
  ['mco/+/agent/+', 'a'],
  [`mco/+/node/${own}`, 'a'],
  ['mco/+/presence/#', 'ca'],
  ['mco/+/event/#', 'ca'],
  [`mco/+/reply/${own}/#`, 'ca'],
  ['mco/+/reply/#', 'a'],
  ['mco/+/file/#', 'a'],

  ['#', '-'],
  ['+/#', '-'],
  ['+/mcollective/presence/#', '-'],
  ['mco/#', 'a'],
  ['mco/+/#', 'a'],
  ['mco/+/+/#', 'a'],
  [`${main}/#`, 'a'],
  [`${main}/+/${own}`, 'a'],
  [`${main}/+/#`, 'a'],
  ['$SYS/#', '-'],
  ['$share/group/mco/mcollective/presence/#', '-'],
  ['', '-'],
];

describe('permissions', () => {
  const rules: Rules = { topics: new Topics(), enrolmentCollective: 'provisioning', isMember: () => true };

  describe('publish', () => {
    for (const [topic, expected] of publishes) {
      it(`${topic || '(empty)'}: ${expected}`, () => {
        expect(marksOf((party) => mayPublish(party, { topic, retain: false }, rules))).to.equal(expected);
      });
    }
  });

  describe('removal of a presence record', () => {
    const caller: Party = { role: 'caller', name: own };
    const remove = (topic: string, more: object = {}) =>
      mayPublish(caller, { topic, retain: true, payload: new Uint8Array(0), ...more }, rules).allowed;

    it('is permitted to callers, and nothing else is about presence', () => {
      expect(remove(`${main}/presence/${other}`)).to.equal(true);
      expect(remove(`${main}/presence/${other}`, { retain: false })).to.equal(false);
      expect(remove(`${main}/presence/${other}`, { payload: Buffer.from('{}') })).to.equal(false);
      expect(remove(`${main}/event/${other}`)).to.equal(false);
      expect(remove(`${main}/reply/${own}/s1/${other}`)).to.equal(false);
    });

    it('is not permitted to other nodes', () => {
      const node: Party = { role: 'node', name: own };
      const message = { topic: `${main}/presence/${other}`, retain: true, payload: new Uint8Array(0) };
      expect(mayPublish(node, message, rules).allowed).to.equal(false);
    });
  });

  describe('subscribe', () => {
    for (const [filter, expected] of subscriptions) {
      it(`${filter || '(empty)'}: ${expected}`, () => {
        expect(marksOf((party) => maySubscribe(party, filter, rules))).to.equal(expected);
      });
    }
  });

  describe('retained', () => {
    for (const [topic, expected] of [
      [`${main}/presence/${own}`, 'na'],
      [`${enrolment}/presence/${own}`, 'ea'],
      [`${main}/presence/${other}`, 'a'],
      [`${main}/event/${own}`, '-'],
      [`${main}/reply/alice.mcollective/s1/${own}`, '-'],
      [`${main}/agent/rpcutil`, '-'],
      [`${main}/node/${own}`, '-'],
      [`${main}/file/${own}/${fileId}/0`, '-'],
    ] as const) {
      it(`${topic}: ${expected}`, () => {
        expect(marksOf((party) => mayPublish(party, { topic, retain: true }, rules))).to.equal(expected);
      });
    }
  });

  describe('with topics.escape', () => {
    const escaping: Rules = {
      topics: new Topics({ escape: true }),
      enrolmentCollective: 'provisioning',
      isMember: () => true,
    };

    it('takes the escaped form of the own name', () => {
      expect(
        mayPublish(parties.node, { topic: `${main}/event/n1%2Eexample%2Ecom`, retain: false }, escaping),
      ).to.eql({
        allowed: true,
      });
      expect(maySubscribe(parties.node, `${main}/node/n1%2Eexample%2Ecom`, escaping).allowed).to.equal(true);
      expect(maySubscribe(parties.caller, `mco/+/reply/n1%2Eexample%2Ecom/#`, escaping).allowed).to.equal(
        true,
      );
    });

    it('refuses that of another name', () => {
      expect(maySubscribe(parties.node, `${main}/node/n2%2Eexample%2Ecom`, escaping).allowed).to.equal(false);
    });

    it('refuses the raw form and says which setting is at fault', () => {
      expect(mayPublish(parties.node, { topic: `${main}/event/${own}`, retain: false }, escaping)).to.eql({
        allowed: false,
        reason: 'not a topic of this network (topics.escape is on)',
      });
      expect(maySubscribe(parties.node, `${main}/node/${own}`, escaping).allowed).to.equal(false);
    });
  });

  describe('with lists of the nodes of collectives', () => {
    const listed: Rules = {
      ...rules,
      isMember: membership({ eu: ['/^n1\\./', 'n3.example.com'], us: [other] }),
    };
    const may = (name: string, topic: string) => [
      maySubscribe({ role: 'node', name }, topic, listed).allowed,
      mayPublish(
        { role: 'node', name },
        { topic: topic.replace('agent/+', `presence/${name}`), retain: true },
        listed,
      ).allowed,
    ];

    it('lets a node use only the collectives that list it', () => {
      expect(may(own, 'mco/eu/agent/+')).to.eql([true, true]);
      expect(may('n3.example.com', 'mco/eu/agent/+')).to.eql([true, true]);
      for (const topic of ['mco/us/agent/+', 'mco/mcollective/agent/+', 'mco/constructor/agent/+'])
        expect(may(own, topic), topic).to.eql([false, false]);
    });

    it('says which setting is at fault', () => {
      expect(maySubscribe(parties.node, 'mco/us/agent/+', listed)).to.eql({
        allowed: false,
        reason: '"n1.example.com" is not listed for the collective "us" (collectives)',
      });
    });

    it('does not limit callers', () => {
      expect(maySubscribe(parties.caller, 'mco/us/presence/#', listed).allowed).to.equal(true);
      expect(mayPublish(parties.caller, { topic: 'mco/us/agent/x', retain: false }, listed).allowed).to.equal(
        true,
      );
    });
  });

  describe('reasons', () => {
    for (const [party, topic, reason] of [
      [
        parties.node,
        `${enrolment}/presence/${own}`,
        'the collective "provisioning" is reserved for machines that enrol with a token',
      ],
      [
        parties.enrolling,
        `${main}/presence/${own}`,
        'the token is valid only in the collective "provisioning"',
      ],
      [parties.node, `${main}/agent/rpcutil`, 'a node may publish only its own presence, events and replies'],
      [
        parties.caller,
        `${main}/presence/${own}`,
        'a caller may publish only requests, its own events and its own files, and remove presence records',
      ],
    ] as const) {
      it(`${party.role}, ${topic}`, () => {
        expect(mayPublish(party, { topic, retain: false }, rules)).to.eql({ allowed: false, reason });
      });
    }

    it('a wildcard in the collective', () => {
      expect(maySubscribe(parties.node, 'mco/+/agent/+', rules)).to.eql({
        allowed: false,
        reason: 'a node must name the collective: a wildcard is not permitted',
      });
    });
  });
});
