import { expect } from 'chai';
import { describe, it } from 'mocha';
import { notificationOf, replacementNotification } from '../../src/events/notification.js';
import { eventLog, type NodeReport, type ProvisionEvent, wordsOf } from '../../src/index.js';
import { logLines } from '../fixtures/log-lines.js';

const about = { identity: 'web1', time: 1 } as const;
const report: NodeReport = {
  identity: 'web1',
  outcome: 'done',
  master: 'puppet1',
  seconds: 62.34,
  secondsOutsidePuppet: 2.34,
  steps: [],
};
const notified = {
  ...about,
  type: 'notified',
  protocol: 'mailto',
  recipient: 'mailto://ops',
  subject: 's',
} as const;
const ended = { ...about, type: 'step-ended', step: 'lock', outcome: 'ok', seconds: 0.126 } as const;

describe('machines with the same short name', () => {
  const names = ['web4.example.net', 'web4.example.org'] as const;

  it('differ in the log', () => {
    const { log, lines } = logLines();
    for (const name of names) eventLog(log)({ ...ended, identity: 'web4', name });
    expect(lines.map(({ node }) => node)).to.deep.equal(names);
  });

  it('differ in mails', () => {
    const mails = names.map((certname) => notificationOf({ ...report, identity: 'web4', certname }));
    expect(mails.map(({ subject }) => subject)).to.deep.equal(
      names.map((name) => `Provisioned ${name} against puppet1`),
    );
    expect(mails.map(({ fields }) => fields.node)).to.deep.equal(names);
    const [lost] = names.map((certname) =>
      notificationOf({ ...report, identity: 'web4', certname, outcome: 'quarantined', failure: 'no' }),
    );
    expect(lost?.text)
      .to.include('"mcprovision release web4.example.net"')
      .and.not.match(/\bweb4\b(?!\.)/);
  });
});

/** Each event, its words, and the level at which it is logged. */
const table: readonly (readonly [ProvisionEvent, string | undefined, number])[] = [
  [{ ...about, type: 'arrived', collective: 'provisioning' }, 'arrived in the collective provisioning', 30],
  [{ ...about, type: 'begun' }, 'provisioning started', 30],
  [{ ...about, type: 'begun', resumedAt: 'verify' }, 'provisioning resumed at verify', 30],
  [
    { ...about, type: 'master', master: 'puppet1', address: '192.0.2.1', reason: 'the only master' },
    'master puppet1 (192.0.2.1): the only master',
    30,
  ],
  [{ ...about, type: 'step-started', step: 'lock', attempt: 1 }, undefined, 20],
  [{ ...about, type: 'step-started', step: 'lock', attempt: 2 }, 'lock: attempt 2', 20],
  [ended, 'lock ok (0.13 s)', 30],
  [{ ...ended, outcome: 'skipped', reason: 'why not' }, 'lock skipped (0.13 s): why not', 30],
  [{ ...ended, outcome: 'failed', reason: 'no' }, 'lock failed (0.13 s): no', 40],
  [{ ...about, type: 'waiting', reason: 'no' }, 'waiting until the node is back online: no', 40],
  [{ ...about, type: 'waiting', reason: 'no', seconds: 4.6 }, 'retrying in 5 s: no', 40],
  [
    {
      ...about,
      type: 'replaced',
      certname: 'web1',
      masters: ['p1', 'p2'],
      reason: 'it is silent',
      request: 'r1',
    },
    'replaced the certificate of another host with the name web1 on p1, p2: it is silent',
    40,
  ],
  [{ ...about, type: 'left', reason: 'no' }, 'left alone: no', 30],
  [{ ...about, type: 'done', report }, 'done in 62.3 s against puppet1, of which 2.3 s outside Puppet', 30],
  [{ ...about, type: 'quarantined', reason: 'no', recorded: true, report }, 'quarantined: no', 50],
  [
    { ...about, type: 'quarantined', reason: 'no', recorded: false, report },
    'quarantined: no (not recorded on the node)',
    50,
  ],
  [{ ...notified, delivered: true, by: 'n1' }, 'n1 notified mailto://ops', 30],
  [
    { ...notified, delivered: false, by: 'n1', reason: 'it is down' },
    'n1 queued the notification to mailto://ops: it is down',
    40,
  ],
  [{ ...notified, delivered: false, reason: 'it is down' }, 'cannot notify mailto://ops: it is down', 40],
];

describe('an event', () => {
  for (const [event, words, level] of table) {
    it(`is told as ${words ?? 'nothing'} and logged at level ${level}: ${event.type}`, () => {
      expect(wordsOf(event)).to.equal(words);
      const { log, lines } = logLines();
      eventLog(log)(event);
      expect(lines).to.have.length(1);
      expect(lines[0]).to.include({ level, node: 'web1', event: event.type, msg: words ?? event.type });
      expect(lines[0]).to.not.have.any.keys('report', 'identity', 'type');
    });
  }

  it('of Puppet’s output is logged line by line, at the level of debugging', () => {
    const event = { ...about, type: 'output', step: 'puppet_final_run', text: 'one\ntwo' } as const;
    expect(wordsOf(event)).to.equal(undefined);
    const { log, lines } = logLines();
    eventLog(log)(event);
    expect(lines.map(({ level, node, step, msg }) => [level, node, step, msg])).to.deep.equal([
      [20, 'web1', 'puppet_final_run', 'one'],
      [20, 'web1', 'puppet_final_run', 'two'],
    ]);
  });

  it('is logged with what it says beside its words', () => {
    const { log, lines } = logLines();
    eventLog(log)({ ...ended, request: 'r1' });
    expect(lines[0]).to.include({ step: 'lock', outcome: 'ok', seconds: 0.126, request: 'r1' });
  });
});

describe('the message to people', () => {
  const steps = [
    { step: 'lock', outcome: 'ok', seconds: 0.126 },
    { step: 'verify', outcome: 'failed', seconds: 2, reason: 'x'.repeat(600) },
  ];

  it('of a node that is done says how long it took, why this master, which certificate, and each step', () => {
    const { text, subject, fields, identity } = notificationOf({
      ...report,
      reason: 'the only master',
      certificateFingerprint: 'AA:BB',
      steps,
    });
    expect([identity, subject]).to.deep.equal(['web1', 'Provisioned web1 against puppet1']);
    expect(text.split('\n')).to.deep.equal([
      'Provisioned web1 against puppet1 in 62.3 s, of which 2.3 s outside Puppet.',
      'Master: puppet1 (the only master)',
      'Certificate: AA:BB',
      '',
      'lock ok (0.1 s)',
      `verify failed (2.0 s): ${'x'.repeat(477)}`,
    ]);
    expect(fields).to.deep.equal({
      node: 'web1',
      outcome: 'done',
      master: 'puppet1',
      reason: 'the only master',
    });
  });

  const { master: _, ...unchosen } = report;
  for (const [what, known] of [
    ['no master', { ...unchosen, reason: 'the only master' }],
    ['no reason', report],
  ] as const) {
    it(`says nothing of the choice of the master if ${what} is known`, () => {
      expect(notificationOf(known).text).to.not.match(/Master:|Certificate:|undefined/);
    });
  }

  it('of a node in quarantine says why, and how to go on', () => {
    const { subject, text, fields } = notificationOf({
      ...report,
      outcome: 'quarantined',
      reason: 'the only master',
      failure: 'out of luck',
      steps: steps.slice(0, 1),
    });
    expect(subject).to.equal('Quarantined web1');
    expect(text.split('\n')).to.deep.equal([
      'web1 could not be provisioned and is in quarantine: out of luck',
      'Master: puppet1 (the only master)',
      '',
      'lock ok (0.1 s)',
      '',
      '"mcprovision explain web1" shows its history. When the cause is fixed, "mcprovision release web1" continues at the step where it stopped, and "mcprovision retry web1" starts again at the first step.',
    ]);
    expect(fields).to.include({ failure: 'out of luck', outcome: 'quarantined' });
  });

  it('of a node in quarantine names the failed resources and their places in the manifest', () => {
    const failedResources = [
      { resource: 'Exec[a b]', file: '/etc/site.pp', line: 12, message: 'no' },
      { resource: 'File[/x]', file: '/etc/other.pp' },
      { resource: 'Service[y]' },
    ];
    const { text, fields } = notificationOf({ ...report, outcome: 'quarantined', failedResources });
    expect(text.split('\n').slice(1, 4)).to.deep.equal([
      'Failed resource: Exec[a b], declared in /etc/site.pp line 12',
      'Failed resource: File[/x], declared in /etc/other.pp',
      'Failed resource: Service[y]',
    ]);
    expect(fields).to.include({ resource: 'Exec[a b]', file: '/etc/site.pp', line: 12 });
  });

  it('of a node in quarantine has the place in a manifest that does not compile', () => {
    const fields = (failure: string) => notificationOf({ ...report, outcome: 'quarantined', failure }).fields;
    const text =
      'Error 500 on SERVER: Server Error: Evaluation Error: Unknown variable (file: /etc/code/site.pp, line: 3, column: 7) on node web1';
    expect(fields(text)).to.include({ file: '/etc/code/site.pp', line: 3 }).and.not.have.property('resource');
    expect(fields('no route to host')).to.not.have.any.keys('resource', 'file', 'line');
  });

  it('of a node in quarantine for nobody knows what says that', () => {
    expect(notificationOf({ ...report, outcome: 'quarantined' }).text).to.match(
      /in quarantine: reason unknown\n/,
    );
  });

  describe('has an id', () => {
    const idOf = (more: Partial<NodeReport>) => notificationOf({ ...report, ...more }).id;
    const quarantined = { outcome: 'quarantined', quarantinedSince: '2030' } as const;

    it('that is the same for the same end, whoever tells of it', () => {
      expect(idOf({ csrFingerprintSigned: 'AA:BB', seconds: 1 })).to.equal(
        idOf({ csrFingerprintSigned: 'AA:BB', seconds: 2 }),
      );
      expect(idOf({ ...quarantined, seconds: 1 })).to.equal(idOf({ ...quarantined, seconds: 2 }));
    });

    it('that is another one for another end', () => {
      const ids = [
        idOf(quarantined),
        idOf({ ...quarantined, quarantinedSince: '2031' }),
        idOf({ ...quarantined, identity: 'web2' }),
        idOf({ ...quarantined, csrFingerprintSigned: 'AA:BB' }),
        idOf({ outcome: 'quarantined', csrFingerprintSigned: 'AA:BB' }),
        idOf({ outcome: 'quarantined', csrFingerprintSigned: 'AA:BB' }),
        idOf({}),
        idOf({}),
        idOf({ csrFingerprintSigned: 'AA:BB' }),
      ];
      // The fourth is the end of the first: of each quarantine there is one beginning.
      expect(new Set(ids)).to.have.property('size', ids.length - 1);
      expect(ids[0]).to.equal(ids[3]);
    });
  });
});

describe('the notification of a replacement', () => {
  it('says which certificate was removed where, why, by which request, and what to do if that was wrong', () => {
    const masters = ['puppet1', 'puppet2'];
    const event = {
      ...about,
      type: 'replaced',
      certname: 'web1.lab',
      masters,
      reason: 'it is silent',
      request: 'r1',
    } as const;
    expect(replacementNotification(event)).to.deep.equal({
      identity: 'web1',
      id: 'replaced-r1',
      subject: 'Replaced the certificate of web1.lab',
      text:
        'A new machine (web1) gets the name web1.lab. The certificate of the host that had this name was removed from puppet1, puppet2.\n' +
        'Reason: it is silent\n' +
        'Request: r1, in the audit logs of puppet1, puppet2\n\n' +
        'If that host is not gone, revoke the enrolment token of the new machine, and remove the certificate of web1.lab again.',
      fields: { node: 'web1', outcome: 'replaced', reason: 'it is silent' },
    });
  });
});
