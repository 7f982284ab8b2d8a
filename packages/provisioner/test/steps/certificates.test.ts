import type { Enrolment } from '@troupe/core';
import { expect } from 'chai';
import { beforeEach, describe, it } from 'mocha';
import { parseProvisionerConfig, StepFailure } from '../../src/index.js';
import { beginNameCheck, certnameOf, checkName, isSameFingerprint } from '../../src/steps/ca.js';
import { cleanNodeCertname } from '../../src/steps/clean-node-certname.js';
import { goodCertificate } from '../../src/steps/good-certificate.js';
import { sendNodeCsr } from '../../src/steps/send-node-csr.js';
import { signNodeCsr } from '../../src/steps/sign-node-csr.js';
import { failureOf } from '../fixtures/rejection.js';
import { infoOf, StubContext } from '../fixtures/step-context.js';
import { type Answer, ends, StubNetwork, says, settled } from '../fixtures/stub-network.js';
import { nodeOf } from '../fixtures/stub-node.js';

const own = 'AA:BB';
const theirs = 'CC:DD';
const certificate = 'EE:FF';

describe('the steps about certificates', () => {
  let network: StubNetwork;
  let context: StubContext;
  beforeEach(() => {
    network = new StubNetwork();
    network.nodes = ['puppet1', 'puppet2'];
    network.answers['puppetca info'] = ({ target }) => ({ data: infoOf(target) });
    network.answers['rpcutil ping'] = ends('no-reply');
    network.answers['provision has_cert'] = says({ has_cert: false, certname: 'web1.example.net' });
    context = new StubContext(network);
  });
  /** What the CA of puppet1 says of a name, one answer after the other; the last one again and again. */
  const caSays = (...answers: readonly { state: string; fingerprint?: string | null }[]) => {
    const left = [...answers];
    network.answers['puppetca status'] = () => ({ data: (left.length > 1 ? left.shift() : left[0]) ?? {} });
  };

  for (const [a, b, isSame] of [
    ['AA:BB', 'aabb', true],
    ['AA:BB', 'AA:BC', false],
    [null, null, false],
    [undefined, 'AA', false],
    ['AA', undefined, false],
  ] as const) {
    it(`take ${a} and ${b} for ${isSame ? 'the same fingerprint' : 'two fingerprints'}`, () => {
      expect(isSameFingerprint(a, b)).to.equal(isSame);
    });
  }

  describe('take for the name of the node', () => {
    for (const [certname, expected] of [
      ['web1.example.net', 'web1.example.net'],
      [null, 'web1'],
    ] as const) {
      it(`${expected}, which it is asked for once, if it answers ${certname}`, async () => {
        network.answers['provision has_cert'] = says({ certname });
        expect([await certnameOf(context), await certnameOf(context)]).to.deep.equal([expected, expected]);
        expect(network.asked).to.have.length(1);
      });
    }
  });

  it('ask once whether the name is free, and again for another name', async () => {
    await checkName(context, 'a');
    await checkName(context, 'a');
    await checkName(context, 'b');
    expect(network.of('rpcutil ping').map(({ target }) => target)).to.deep.equal(['a', 'b']);
    network.answers['rpcutil ping'] = () => ({});
    expect((await failureOf(checkName(context, 'c'))).kind).to.equal('permanent');
  });

  it('begin to ask early, and whoever needs the answer hears that the name is not free', async () => {
    network.answers['rpcutil ping'] = () => ({});
    beginNameCheck(context.session, context.guard, 'a');
    await settled();
    expect((await failureOf(checkName(context, 'a'))).kind).to.equal('permanent');
    expect(network.of('rpcutil ping')).to.have.length(1);
  });

  describe('clean_node_certname', () => {
    const cleaned = (answers: Record<string, Awaited<ReturnType<Answer>>>) => {
      network.answers['puppetca clean'] = ({ target }) => answers[target] ?? {};
      return cleanNodeCertname.run(context);
    };
    const reasonOf = async (answers: Parameters<typeof cleaned>[0]) => (await cleaned(answers)).reason;

    it('asks the CAs of all masters, once the lease is confirmed', async () => {
      context.holdLease();
      const { lease } = context.session;
      let isConfirmed = false;
      if (lease) {
        lease.confirm = async () => {
          isConfirmed = true;
          expect(network.of('puppetca clean')).to.deep.equal([]);
        };
      }
      expect(await reasonOf({})).to.equal('no CA had a certificate or CSR for web1.example.net');
      expect(isConfirmed).to.equal(true);
      const asked = network.of('puppetca clean');
      expect(asked.map(({ target, input }) => [target, input])).to.deep.equal([
        ['puppet1', { certname: 'web1.example.net' }],
        ['puppet2', { certname: 'web1.example.net' }],
      ]);
      expect(asked[0]?.options).to.deep.include({ collective: 'mcollective', signal: context.signal });
      expect(context.session.caRequest).to.equal(asked[0]?.id);
    });

    it('cleans nothing if the lease is not held', async () => {
      context.holdLease();
      const { lease } = context.session;
      if (lease) lease.confirm = () => Promise.reject(new StepFailure('lost', 'it is not held'));
      expect((await failureOf(cleaned({}))).kind).to.equal('lost');
      expect(network.of('puppetca clean')).to.deep.equal([]);
    });

    it('asks the CA of its master although that is not on the list', async () => {
      network.nodes = ['puppet2'];
      await cleaned({});
      expect(network.of('puppetca clean').map(({ target }) => target)).to.deep.equal(['puppet1', 'puppet2']);
    });

    for (const [what, data, words] of [
      ['deleted', { deleted: true, out: 'gone' }, 'puppet2: gone'],
      ['revoked', { revoked: true }, 'puppet2: cleaned'],
    ] as const) {
      it(`tells who ${what} something`, async () => {
        expect(await reasonOf({ puppet2: { data } })).to.equal(words);
      });
    }

    it('continues if another CA fails, says so, and owes the cleaning', async () => {
      const failing = {
        puppet2: { state: 'failed' as const, statusmsg: 'no' },
        puppet1: { data: { deleted: true } },
      };
      const { reason, data } = await cleaned(failing);
      expect(reason).to.equal(
        'puppet1: cleaned; not cleaned yet, and owed to puppet2: puppetca clean on puppet2: no',
      );
      expect(data).to.deep.equal({ owed: ['puppet2'] });
      const [debt] = context.debts.list();
      expect(debt).to.include({
        certname: 'web1.example.net',
        identity: 'web1',
        master: 'puppet2',
        ca: 'of puppet2',
        reason: 'puppetca clean on puppet2: no',
      });
      await cleaned({});
      expect(context.debts.list(), 'cleaned later by the step itself').to.deep.equal([]);
    });

    it('owes the cleaning of a CA whose master is away, and does not say that no CA had anything', async () => {
      await context.masters.list();
      network.nodes = ['puppet1'];
      network.answers['puppetca info'] = ({ target }) =>
        target === 'puppet1' ? { data: infoOf(target) } : { state: 'offline', statusmsg: 'offline' };
      context.masters.forget();
      context.masters.missed('puppet9');
      const { reason } = await cleaned({});
      expect(reason?.replaceAll(/\d{4}-[^;]*Z/g, 'TIME')).to.equal(
        'no CA of puppet1 had a certificate or CSR for web1.example.net; ' +
          'not cleaned yet, and owed to puppet9: puppet9 has not replied since TIME; ' +
          'not cleaned yet, and owed to puppet2: puppet2 has not replied since TIME',
      );
      expect(context.debts.list().map(({ master, ca }) => [master, ca])).to.deep.equal([
        ['puppet9', undefined],
        ['puppet2', 'of puppet2'],
      ]);
    });

    describe('if masters share a CA', () => {
      beforeEach(() => {
        network.nodes = ['puppet1', 'puppet2', 'puppet3'];
        network.answers['puppetca info'] = ({ target }) => ({
          data: { ...infoOf(target), ca_fingerprint: target === 'puppet1' ? 'ab' : 'cd' },
        });
      });

      it('cleans it once, with one request for all CAs', async () => {
        expect(await reasonOf({ puppet2: { data: { deleted: true } } })).to.equal('puppet2: cleaned');
        const asked = network.of('puppetca clean');
        expect(asked.map(({ target }) => target)).to.deep.equal(['puppet1', 'puppet2']);
        expect(new Set(asked.map(({ id }) => id)).size).to.equal(1);
      });

      for (const what of ['puppetca clean', 'puppetca status'] as const) {
        it(`uses another master of the same CA if ${what} fails on the first`, async () => {
          network.answers[what] = ({ target }) =>
            target === 'puppet2' ? { state: 'failed', statusmsg: 'no' } : {};
          const { reason } = await cleanNodeCertname.run(context);
          expect(reason).to.equal('no CA had a certificate or CSR for web1.example.net');
          expect(network.of('puppetca clean').map(({ target }) => target)).to.include('puppet3');
          expect(context.debts.size).to.equal(0);
        });
      }

      const loses = (...names: readonly string[]) => {
        network.nodes = network.nodes.filter((name) => !names.includes(name));
        const { 'puppetca info': info } = network.answers;
        network.answers['puppetca info'] = (asked) =>
          names.includes(asked.target) ? { state: 'offline' } : (info?.(asked) ?? {});
        context.masters.forget();
      };

      it('owes nothing for a master that is away if another one has the same CA', async () => {
        await context.masters.list();
        loses('puppet2');
        expect(await reasonOf({})).to.equal('no CA had a certificate or CSR for web1.example.net');
        expect(context.debts.size).to.equal(0);
      });

      it('owes one cleaning if all masters of the CA are away', async () => {
        await context.masters.list();
        loses('puppet2', 'puppet3');
        await cleaned({});
        expect(context.debts.list().map(({ ca }) => ca)).to.deep.equal(['cd']);
      });
    });

    it('fails if the CA of its master fails', async () => {
      const failure = await failureOf(cleaned({ puppet1: { state: 'failed', statusmsg: 'no' } }));
      expect(failure.message).to.equal('puppetca clean on puppet1: no');
    });

    it('fails if the time of the step is over meanwhile', async () => {
      network.answers['puppetca clean'] = () => {
        context.stop.abort(new StepFailure('failed', 'too late'));
        return {};
      };
      expect((await failureOf(cleanNodeCertname.run(context))).message).to.equal('too late');
    });

    it('cleans nothing if the name is that of somebody else', async () => {
      network.answers['rpcutil ping'] = () => ({});
      expect((await failureOf(cleaned({}))).kind).to.equal('permanent');
      expect(network.of('puppetca clean')).to.deep.equal([]);
    });

    describe('of a name under which a CA holds a certificate', () => {
      const held = (states: Readonly<Record<string, string>>) => {
        network.answers['puppetca status'] = ({ target }) => ({
          data: { state: states[target] ?? 'missing', fingerprint: certificate },
        });
      };
      const isKnown = (more: Partial<Enrolment> = {}) => {
        context.session.node.proof = {
          vouchedBy: 'token',
          enrolment: { token: 't1', replace: false, callers: 'c', ...more },
        };
      };
      const seenName = 'web1.example.net';

      it('cleans it if no host with the name was ever seen', async () => {
        held({ puppet2: 'signed' });
        isKnown();
        expect(await reasonOf({ puppet2: { data: { deleted: true } } })).to.equal('puppet2: cleaned');
        expect(context.replacements).to.deep.equal([]);
      });

      it('cleans nothing on any CA while the name belongs to a host that was seen', async () => {
        held({ puppet2: 'signed' });
        isKnown({ replace: true });
        context.journal.see([seenName], 0);
        const failure = await failureOf(cleaned({}));
        expect(failure).to.include({ kind: 'name-taken', waitSeconds: 600 });
        expect(network.of('puppetca clean')).to.deep.equal([]);
      });

      it('replaces it when that host is silent, and reports the masters, the reason and the request', async () => {
        held({ puppet1: 'signed', puppet2: 'signed' });
        isKnown({ replace: true });
        context.journal.see([seenName], 0);
        context.silence = 600;
        expect(await reasonOf({ puppet1: { data: { deleted: true } } })).to.match(
          /^puppet1: cleaned; replaced the certificate of another host: a host with this name was seen/,
        );
        const [replacement] = context.replacements;
        expect(replacement).to.deep.include({
          certname: seenName,
          masters: ['puppet1', 'puppet2'],
          request: network.of('puppetca clean')[0]?.id,
        });
      });

      for (const state of ['revoked', 'requested', 'missing']) {
        it(`asks for no permission if what the CA holds is ${state}`, async () => {
          held({ puppet1: state, puppet2: state });
          context.journal.see([seenName], 0);
          expect((await cleaned({})).outcome).to.equal('ok');
        });
      }

      it('does not clean another CA that does not say what it holds', async () => {
        network.answers['puppetca status'] = ({ target }) =>
          target === 'puppet2' ? { state: 'failed', statusmsg: 'no' } : { data: { state: 'missing' } };
        expect(await reasonOf({})).to.equal(
          'no CA of puppet1 had a certificate or CSR for web1.example.net; ' +
            'not cleaned yet, and owed to puppet2: puppetca status on puppet2: no',
        );
        expect(network.of('puppetca clean').map(({ target }) => target)).to.deep.equal(['puppet1']);
      });

      it('fails if the CA of its master does not say what it holds', async () => {
        network.answers['puppetca status'] = ends('failed', 'no');
        expect((await failureOf(cleaned({}))).message).to.equal('puppetca status on puppet1: no');
        expect(network.of('puppetca clean')).to.deep.equal([]);
      });

      it('cleans nothing under a name that the token is not for', async () => {
        isKnown({ names: 'web1' });
        const failure = await failureOf(cleaned({}));
        expect(failure.kind).to.equal('permanent');
        expect(failure.message).to.include(
          'only for names that match web1, and the name of this machine is web1.example.net',
        );
        expect(network.of('puppetca clean')).to.deep.equal([]);
      });
    });

    it('cleans nothing if there is no master', async () => {
      network.nodes = [];
      expect((await failureOf(cleaned({}))).kind).to.equal('master-away');
    });
  });

  describe('send_node_csr', () => {
    const request = 'provision request_certificate';

    it('has the node make a CSR for the CA that its master named, and keeps its fingerprint', async () => {
      context.session.node = nodeOf(network, { token: 7 });
      network.answers[request] = says({ certname: 'w', csr_fingerprint: own, ca_fingerprint: 'ab' });
      expect(await sendNodeCsr.run(context)).to.deep.equal({
        outcome: 'ok',
        reason: `submitted the CSR ${own} to puppet1`,
        data: { certname: 'w', csr_fingerprint: own, ca_fingerprint: 'ab' },
      });
      expect(context.session.details).to.include({ certname: 'w', csrReported: own });
      expect(network.asked[0]?.input).to.deep.equal({ ca_fingerprint: 'ab', token: 7 });
      expect(network.asked[0]?.options).to.include({ timeout: 30 });
    });

    it('asks the node for its name if it does not tell it with the CSR', async () => {
      network.answers[request] = says({ csr_fingerprint: own });
      await sendNodeCsr.run(context);
      expect(context.session.details).to.include({ certname: 'web1.example.net' });
    });

    it('fails if the node does not tell the fingerprint', async () => {
      const failure = await failureOf(sendNodeCsr.run(context));
      expect(failure).to.include({
        kind: 'failed',
        message: 'the node did not report the fingerprint of its CSR',
      });
      expect(context.session.details.csrReported).to.equal(undefined);
    });

    describe('that the node could not send', () => {
      const failing = (csr: unknown) => {
        network.answers[request] = ends('failed', 'refused');
        network.answers['provision status'] = says({ csr });
        return failureOf(sendNodeCsr.run(context));
      };

      it('fails for good if the CA has one of somebody else', async () => {
        caSays({ state: 'requested', fingerprint: theirs });
        const failure = await failing({ fingerprint: own });
        expect(failure.kind).to.equal('permanent');
        expect(failure.message).to.equal(
          'the CA of puppet1 holds a CSR for web1.example.net that this node did not make: its fingerprint is ' +
            `${theirs}, the fingerprint of the node's CSR is ${own}; nothing was signed: find out who submitted it, clean web1.example.net on puppet1, then release the node`,
        );
        expect(failure.cause).to.include({ message: 'request_certificate on web1: refused' });
      });

      for (const [what, state, fingerprint, csr, back] of [
        ['is tried again if the CA has the very one', 'requested', own, { fingerprint: own }, undefined],
        ['is tried again if the node has made none', 'requested', theirs, null, undefined],
        ['is tried again if the CA has nothing', 'missing', null, { fingerprint: own }, undefined],
        [
          'begins with cleaning if the CA has a certificate',
          'signed',
          certificate,
          { fingerprint: own },
          'clean_node_certname',
        ],
        ['begins with cleaning if the CA has revoked one', 'revoked', null, null, 'clean_node_certname'],
      ] as const) {
        it(what, async () => {
          caSays({ state, fingerprint });
          const failure = await failing(csr);
          expect(failure).to.include({
            kind: 'failed',
            back,
            message: 'request_certificate on web1: refused',
          });
        });
      }

      it('asks nobody else if it was not reached', async () => {
        network.answers[request] = ends('no-reply');
        expect((await failureOf(sendNodeCsr.run(context))).kind).to.equal('unreachable');
        expect(network.whats()).to.deep.equal([request]);
      });
    });
  });

  describe('sign_node_csr', () => {
    const sign = 'puppetca sign';
    beforeEach(() => {
      context.session.details.csrReported = own;
      context.session.details.certname = 'w';
      caSays({ state: 'requested', fingerprint: own });
      network.answers[sign] = says({ csr_fingerprint: own, fingerprint: certificate });
    });
    const failing = async (expected: object) => {
      const failure = await failureOf(signNodeCsr.run(context));
      expect(failure).to.include(expected);
      return failure;
    };

    it('has the CA sign the CSR that the node reported, once the lease is confirmed and the name is free', async () => {
      context.holdLease();
      expect(await signNodeCsr.run(context)).to.deep.equal({
        outcome: 'ok',
        reason: `puppet1 signed ${own}`,
        data: { csr_fingerprint: own, certificate },
      });
      const [asked] = network.of(sign);
      expect(asked).to.deep.include({ target: 'puppet1', input: { certname: 'w', fingerprint: own } });
      expect(asked?.options).to.deep.include({ collective: 'mcollective', signal: context.signal });
      expect(context.session).to.deep.include({
        caRequest: asked?.id,
        details: { certname: 'w', csrReported: own, csrSigned: own, certificate },
      });
      expect(context.leaseLog).to.deep.equal(['confirm']);
      expect(network.of('rpcutil ping')).to.have.length(1);
    });

    it('notes in the journal who gets the name before the CA signs', async () => {
      network.answers[sign] = () => {
        expect(context.journal.get('w')?.key).to.equal('k1');
        return { data: { csr_fingerprint: own } };
      };
      context.session.node.pin.check({ sender: 'web1', key: 'k1' });
      await signNodeCsr.run(context);
      expect(network.of(sign)).to.have.length(1);
    });

    it('signs nothing if it cannot note that', async () => {
      context.journal.assign = () => {
        throw new Error('ENOSPC');
      };
      await failing({ kind: 'unreachable' });
      expect(network.of(sign)).to.deep.equal([]);
    });

    it('signs nothing without cleaning if another CA has a certificate of a host that was seen', async () => {
      network.answers['puppetca status'] = ({ target }) => ({
        data: { state: target === 'puppet1' ? 'requested' : 'signed', fingerprint: own },
      });
      context.journal.see(['w'], 0);
      Object.assign(context, { config: parseProvisionerConfig('steps: { sign_node_csr: true }') });
      await failing({ kind: 'name-taken' });
      expect(network.of(sign)).to.deep.equal([]);
    });

    it('does not know the certificate if the CA does not tell it', async () => {
      network.answers[sign] = says({ csr_fingerprint: own });
      expect((await signNodeCsr.run(context)).data).to.deep.equal({
        csr_fingerprint: own,
        certificate: null,
      });
      expect(context.session.details).to.not.have.property('certificate');
    });

    it('begins with the CSR if the node has reported none', async () => {
      delete context.session.details.csrReported;
      await failing({ kind: 'failed', back: 'send_node_csr', message: 'the node has not reported a CSR' });
      expect(network.asked).to.deep.equal([]);
    });

    for (const [state, back] of [
      ['missing', 'send_node_csr'],
      ['revoked', 'clean_node_certname'],
    ] as const) {
      it(`begins with ${back} if the CA says that it is ${state}`, async () => {
        caSays({ state });
        await failing({
          kind: 'failed',
          back,
          message: `the CA of puppet1 has no CSR for w (state: ${state})`,
        });
        expect(network.of(sign)).to.deep.equal([]);
      });
    }

    it('signs nothing if the CA has the CSR of somebody else', async () => {
      caSays({ state: 'requested', fingerprint: theirs });
      await failing({ kind: 'permanent' });
      expect(network.of(sign)).to.deep.equal([]);
    });

    it('signs nothing if the name is that of somebody else', async () => {
      network.answers['rpcutil ping'] = () => ({});
      await failing({ kind: 'permanent' });
      expect(network.of(sign)).to.deep.equal([]);
    });

    it('signs nothing if the lease is not held', async () => {
      context.holdLease();
      const { lease } = context.session;
      if (lease) lease.confirm = () => Promise.reject(new StepFailure('lost', 'it is not held'));
      await failing({ kind: 'lost' });
      expect(network.of(sign)).to.deep.equal([]);
    });

    it('fails for good if the CA signed another CSR', async () => {
      network.answers[sign] = says({ csr_fingerprint: theirs });
      await failing({
        kind: 'permanent',
        message: `puppet1 signed the CSR ${theirs} for w instead of ${own}: revoke the certificate on puppet1`,
      });
      expect(context.session.details.csrSigned).to.equal(undefined);
    });

    describe('that the CA refuses to sign', () => {
      beforeEach(() => {
        network.answers[sign] = ends('failed', 'no');
      });

      it('fails for good if somebody else’s CSR has taken its place', async () => {
        caSays({ state: 'requested', fingerprint: own }, { state: 'requested', fingerprint: theirs });
        await failing({ kind: 'permanent' });
      });

      for (const [what, next] of [
        ['is still there', { state: 'requested', fingerprint: own }],
        ['is gone', { state: 'missing', fingerprint: theirs }],
      ] as const) {
        it(`fails as the CA says if the CSR ${what}`, async () => {
          caSays({ state: 'requested', fingerprint: own }, next);
          await failing({ kind: 'failed', message: 'puppetca sign on puppet1: no' });
        });
      }

      it('fails as the CA says if that cannot be found out', async () => {
        let looks = 0;
        network.answers['puppetca status'] = () => {
          looks += 1;
          if (looks > 1) return { state: 'no-reply' };
          return { data: { state: 'requested', fingerprint: own } };
        };
        await failing({ kind: 'failed', message: 'puppetca sign on puppet1: no' });
      });

      it('asks no more once the step is called off', async () => {
        network.answers[sign] = () => {
          context.stop.abort(new StepFailure('stopped', 'the end'));
          return { state: 'failed' };
        };
        await failing({ kind: 'stopped' });
        expect(network.of('puppetca status')).to.have.length(1);
      });
    });

    describe('that is signed already', () => {
      const request = 'provision request_certificate';
      beforeEach(() => {
        caSays({ state: 'signed', fingerprint: certificate });
        network.answers[request] = says({ csr_fingerprint: own });
      });

      it('accepts the certificate if the node confirms that it is of its key', async () => {
        expect(await signNodeCsr.run(context)).to.deep.equal({
          outcome: 'ok',
          reason: `already signed: the node confirms that the certificate matches the key of the CSR ${own}`,
          data: { csr_fingerprint: own, certificate },
        });
        expect(context.session.details).to.include({ csrSigned: own, certificate });
        expect(network.of(request)).to.have.length(1);
        expect(network.of(sign)).to.deep.equal([]);
      });

      it('begins with the CSR if the node has made another one', async () => {
        network.answers[request] = says({ csr_fingerprint: theirs });
        const message = `the node has made another CSR in the meantime: ${theirs}`;
        await failing({ kind: 'failed', back: 'send_node_csr', message });
        expect(context.session.details.csrSigned).to.equal(undefined);
      });

      it('begins with the CSR if the certificate is gone meanwhile', async () => {
        caSays({ state: 'signed', fingerprint: certificate }, { state: 'missing' });
        const message = 'the certificate of w is missing now';
        await failing({ kind: 'failed', back: 'send_node_csr', message });
      });

      it('fails if the node does not confirm it', async () => {
        network.answers[request] = ends('no-reply');
        await failing({ kind: 'unreachable' });
      });
    });
  });

  describe('of a node that has a certificate', () => {
    const held = {
      has_cert: true,
      usable: true,
      certname: 'w',
      fingerprint: certificate,
      issuer: 'CN=puppet1',
    };
    const examined = (policy: string, has: object, ca: { state: string; fingerprint?: string }) => {
      context = new StubContext(network, `policy: { certificates: ${policy} }`);
      network.answers['provision has_cert'] = says({ ...held, ...has });
      caSays(ca);
      return goodCertificate(context);
    };
    const good = { state: 'signed', fingerprint: 'eeff' };
    const leftOut = `the node already has a valid certificate from puppet1 (${certificate})`;

    it('leave out what has to do with certificates if it is good, and ask for it once', async () => {
      expect(await examined('{}', {}, good)).to.equal(leftOut);
      expect(await goodCertificate(context)).to.equal(leftOut);
      expect(network.of('provision has_cert')).to.have.length(1);
      expect(context.session.details).to.deep.equal({ certname: 'w', certificate });
      for (const step of [cleanNodeCertname, sendNodeCsr, signNodeCsr]) {
        expect(await step.leaveOut?.(context)).to.equal(leftOut);
      }
    });

    for (const [what, policy, has, ca] of [
      ['it has none', '{ stale: refuse }', { has_cert: false, usable: false, fingerprint: null }, good],
      ['it is good and to be renewed', '{ good: renew, stale: refuse }', {}, good],
      ['it is of no use', '{}', { usable: false }, good],
      ['its fingerprint is not known', '{}', { fingerprint: null }, good],
      ['its CA has another one', '{}', {}, { state: 'signed', fingerprint: theirs }],
      ['its CA has revoked it', '{}', {}, { state: 'revoked', fingerprint: certificate }],
      ['nobody says who made it', '{}', { usable: false, issuer: null }, good],
      [
        'it is of a CA that nobody knows, and that is allowed',
        '{ foreign: replace }',
        { usable: false, issuer: 'CN=x' },
        good,
      ],
    ] as const) {
      it(`go their way if ${what}`, async () => {
        expect(await examined(policy, has, ca)).to.equal(undefined);
        expect(context.session.details).to.not.have.property('certificate');
      });
    }

    for (const [key, policy, has, ca, words] of [
      [
        'good',
        '{ good: refuse }',
        {},
        good,
        `a certificate issued by CN=puppet1 (${certificate}) that the CA of puppet1 confirms`,
      ],
      [
        'stale',
        '{ stale: refuse }',
        { usable: false },
        good,
        `a certificate issued by CN=puppet1 (${certificate}) that cannot be used`,
      ],
      [
        'stale',
        '{ stale: refuse }',
        { usable: false, fingerprint: null, issuer: null },
        good,
        'a certificate (unreadable) that cannot be used',
      ],
      [
        'foreign',
        '{ foreign: refuse }',
        { usable: false, issuer: 'CN=x' },
        good,
        `a certificate issued by CN=x (${certificate}), which is not the CA of any known master`,
      ],
    ] as const) {
      it(`refuse for good ${words}`, async () => {
        const failure = await failureOf(examined(policy, has, ca));
        expect(failure.kind).to.equal('permanent');
        expect(failure.message).to.equal(
          `the node has ${words}, and policy.certificates.${key} is refuse: remove it from the node, or change the policy, then release the node`,
        );
      });
    }

    it('know the CA of every master that was seen, however its name is written', async () => {
      network.answers['puppetca info'] = ({ target }) => {
        return { data: { ...infoOf(target), ca_subject: `O=Ops\nCN=${target}` } };
      };
      context = new StubContext(network);
      await context.masters.list();
      network.answers['provision has_cert'] = says({ ...held, usable: false, issuer: 'CN=puppet2, O=Ops' });
      expect(await goodCertificate(context)).to.equal(undefined);
    });

    it('take any issuer for the CA of a master that does not tell its name', async () => {
      network.answers['puppetca info'] = ({ target }) => ({ data: { ...infoOf(target), ca_subject: null } });
      context = new StubContext(network);
      await context.masters.list();
      network.answers['provision has_cert'] = says({ ...held, usable: false, issuer: 'CN=x' });
      expect(await goodCertificate(context)).to.equal(undefined);
    });

    it('call the node by its identity if it does not say its name', async () => {
      network.answers['provision has_cert'] = says({ has_cert: false });
      await goodCertificate(context);
      expect(context.session.details).to.deep.equal({ certname: 'web1' });
    });
  });
});
