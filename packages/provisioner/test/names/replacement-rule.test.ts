import { existsSync, readFileSync } from 'node:fs';
import { silentLogger } from '@troupe/core';
import { createTempFolder } from '@troupe/testkit';
import { expect } from 'chai';
import { beforeEach, describe, it } from 'mocha';
import { NameJournal } from '../../src/names/name-journal.js';
import { type Claimant, ReplacementRule } from '../../src/names/replacement-rule.js';
import { StepFailure } from '../../src/rpc/failure.js';

const seenAt = Date.parse('2030-01-01T00:00:00Z');
const enrolment = { token: 't1', replace: false, callers: '/x/' };
const mayReplace = { ...enrolment, replace: true };

describe('the rule for giving a name to another machine', () => {
  let journal: NameJournal;
  let silence: number | undefined;
  let watched: string[];
  let lostFor: number;
  beforeEach(() => {
    journal = NameJournal.inMemory(silentLogger);
    silence = 0;
    watched = [];
    lostFor = 0;
  });

  const ruleOf = (names: Pick<NameJournal, 'get' | 'isLost' | 'isCut'> = journal, isOpen = false) =>
    new ReplacementRule({
      journal: names as NameJournal,
      watch: {
        gap: 60,
        silence: (name) => {
          watched.push(name);
          return silence;
        },
      },
      replaceAfterSeconds: 600,
      isOpen,
      lostFor: () => lostFor,
    });
  const claimant = (more: Partial<Claimant> = {}): Claimant => ({
    certname: 'web1',
    key: 'k2',
    enrolment,
    provenName: undefined,
    ...more,
  });
  const outcome = (more: Partial<Claimant> = {}, rule = ruleOf()) => {
    try {
      return rule.check(claimant(more));
    } catch (error) {
      if (!(error instanceof StepFailure)) throw error;
      return { kind: error.kind, wait: error.waitSeconds, reason: error.message };
    }
  };

  it('leaves a name free that was never seen, with any token', () => {
    expect(outcome()).to.deep.equal({ replaces: false, reason: 'no host with this name was ever seen' });
    expect(watched).to.deep.equal([]);
  });

  it('lets the machine that was given the name have another certificate', () => {
    journal.assign({ name: 'web1', time: seenAt, key: 'k1' });
    expect(outcome({ key: 'k1' })).to.deep.equal({
      replaces: false,
      reason: 'it is the machine that was given this name',
    });
  });

  it('lets a host whose certificate proves the name have another one', () => {
    journal.see(['web1'], seenAt);
    expect(outcome({ enrolment: undefined, provenName: 'web1' })).to.include({ replaces: false });
    expect(outcome({ enrolment: undefined, provenName: 'web2' })).to.include({ kind: 'name-taken' });
  });

  it('refuses a name that was seen to a token without --replace, however long nobody has replied', () => {
    journal.see(['web1'], seenAt);
    silence = 1e6;
    expect(outcome()).to.deep.equal({
      kind: 'name-taken',
      wait: 600,
      reason:
        'the name web1 is taken: a host with this name was seen, last at 2030-01-01T00:00:00.000Z, and the enrolment token of ' +
        'this machine does not allow replacing it: make a token with "mco enroll token --name web1 --replace" if that host ' +
        'is gone, or rename this machine; nothing was cleaned or signed',
    });
    // So that a machine that gets another token has waited already.
    expect(watched).to.deep.equal(['web1']);
  });

  it('refuses it to a machine of which nothing is known', () => {
    journal.see(['web1'], seenAt);
    silence = 1e6;
    expect(outcome({ enrolment: undefined, key: undefined })).to.include({ kind: 'name-taken' });
  });

  for (const [seconds, wait] of [
    [0, 600],
    [599, 1],
    [599.9, 1],
  ] as const) {
    it(`lets a token with --replace wait ${wait} s if nobody has replied for ${seconds} s`, () => {
      journal.see(['web1'], seenAt);
      silence = seconds;
      const end = outcome({ enrolment: mayReplace });
      expect(end).to.include({ kind: 'name-taken', wait });
      expect(end.reason).to.include(
        'when no host with this name has replied for 600 s (policy.replace_after)',
      );
    });
  }

  it('lets a token with --replace take the name once nobody has replied for long enough', () => {
    journal.see(['web1'], seenAt);
    silence = 600;
    expect(outcome({ enrolment: mayReplace })).to.deep.equal({
      replaces: true,
      reason:
        'a host with this name was seen, last at 2030-01-01T00:00:00.000Z, and no host with this name has replied for 600 s',
    });
  });

  it('asks the same of a second machine with the key of none', () => {
    journal.assign({ name: 'web1', time: seenAt });
    expect(outcome({ key: undefined, enrolment: mayReplace })).to.include({ kind: 'name-taken' });
  });

  it('lets a machine wait until there is room to watch its name', () => {
    journal.see(['web1'], seenAt);
    silence = undefined;
    const end = outcome({ enrolment: mayReplace });
    expect(end).to.include({ kind: 'name-taken', wait: 60 });
    expect(end.reason).to.include('too many names are being watched');
  });

  it('lets no name be free while the journal is lost, but for no longer', () => {
    const lost = { get: () => undefined, isLost: true, isCut: false };
    lostFor = 120;
    const end = outcome({}, ruleOf(lost));
    expect(end).to.include({ kind: 'name-taken', wait: 120 });
    expect(end.reason).to.include(
      'the journal of this provisioner was lost, so every name that has a certificate',
    );
    expect(outcome({ enrolment: mayReplace }, ruleOf(lost))).to.include({ kind: 'name-taken', wait: 120 });
    expect(outcome({}, ruleOf({ ...lost, isLost: false }))).to.include({ replaces: false });
  });

  it('lets no name be free once names were dropped from the journal', () => {
    const full = { get: () => undefined, isLost: false, isCut: true };
    expect(outcome({}, ruleOf(full))).to.include({ kind: 'name-taken', wait: 600 });
    silence = 600;
    expect(outcome({ enrolment: mayReplace }, ruleOf(full))).to.include({ replaces: true });
  });

  it('asks nothing in the security mode none', () => {
    journal.see(['web1'], seenAt);
    expect(outcome({ enrolment: undefined }, ruleOf(journal, true))).to.include({ replaces: false });
  });

  it('revokes the receipt of the machine that had a name, also in the list of the configuration', async () => {
    await using folder = await createTempFolder({ prefix: 'rule' });
    const revokedFile = folder.join('revoked');
    const rule = new ReplacementRule({
      journal,
      watch: { gap: 60, silence: () => 0 },
      replaceAfterSeconds: 600,
      isOpen: false,
      revokedFile,
      lostFor: () => 0,
    });
    rule.revokeReceipt('web1', seenAt);
    expect(existsSync(revokedFile)).to.equal(false);
    rule.assign('web1', { key: 'k1', receipt: 's1', time: seenAt });
    const with1 = { ...enrolment, receipt: { serial: 's1', ends: 0 } };
    expect(rule.isRevoked(with1)).to.equal(false);
    rule.revokeReceipt('web1', seenAt);
    expect([rule.isRevoked(with1), rule.isRevoked(enrolment)]).to.deep.equal([true, false]);
    expect(readFileSync(revokedFile, 'utf8')).to.equal(
      's1 receipt of web1, replaced at 2030-01-01T00:00:00.000Z\n',
    );
  });

  it('notes who is given a name, and signs nothing if it cannot', () => {
    ruleOf().assign('web1', { key: 'k2', time: seenAt });
    expect(journal.get('web1')).to.deep.equal({ name: 'web1', time: seenAt, key: 'k2' });
    const full = {
      assign: () => {
        throw new Error('ENOSPC: no space left on device');
      },
    };
    expect(() => ruleOf(full as unknown as NameJournal).assign('web1', { key: 'k2' }))
      .to.throw('cannot note in the journal of this provisioner that web1 is taken: ENOSPC')
      .with.property('kind', 'unreachable');
  });
});
