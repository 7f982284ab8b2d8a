import { expect } from 'chai';
import { describe, it } from 'mocha';
import { stateOf } from '../../src/commands/state.js';
import { certificateDetailsOf, failuresOf, isOver } from '../../src/node/node-record.js';
import { recorded, recordWith } from '../fixtures/node-record.js';

const line = (step: string, outcome: string, more: object = {}) => {
  return { time: '2030', step, outcome, attempt: 1, reason: null, seconds: null, owner: null, ...more };
};
const notify = recorded('notify', 'started');
const quarantine = { reason: 'out of luck', since: '2031' };
const quarantined = { quarantined: true, quarantine };

describe('the record of a node', () => {
  it('of a node to which nothing has happened says so', () => {
    expect(recordWith()).to.deep.equal({
      contract: 1,
      certname: undefined,
      step: null,
      isDisabled: false,
      isDone: false,
      isOwed: false,
      doneSince: undefined,
      lease: undefined,
      quarantine: undefined,
      master: undefined,
      run: undefined,
      damaged: undefined,
      steps: [],
      history: [],
    });
    expect(recordWith({ steps: null, history: null })).to.deep.include({ steps: [], history: [] });
  });

  it('says what the node says', () => {
    const said = {
      contract: 1,
      certname: 'web1.example.net',
      step: 'lock',
      lease: { owner: 'prov/1', token: 7, seconds: 60, expires: '2030' },
      quarantine,
      master: { identity: 'puppet1', address: '192.0.2.1', reason: 'the only master' },
      run: { id: 'r1', stage: 'bootstrap', since: '2030', running: true },
      damaged: { file: 'f', reason: 'r' },
      steps: [recorded('lock')],
      history: [line('lock', 'ok')],
    };
    expect(recordWith({ ...said, disabled: true, done: true, finished: { since: '2032' } })).to.deep.equal({
      ...said,
      isDisabled: true,
      isDone: true,
      isOwed: false,
      doneSince: '2032',
    });
  });

  it('has the name of the CSR if the node does not state its own', () => {
    expect(recordWith({ csr: { certname: 'web1.example.net' } }).certname).to.equal('web1.example.net');
    expect(recordWith({ certname: 'a.b', csr: { certname: 'c.d' } }).certname).to.equal('a.b');
  });

  for (const [isOwed, what, status] of [
    [true, 'it is done and the notification has begun', { done: true, steps: [notify] }],
    [true, 'it is in quarantine and the notification has begun', { ...quarantined, steps: [notify] }],
    [false, 'it is neither done nor in quarantine', { steps: [notify] }],
    [false, 'the notification is over', { done: true, steps: [recorded('notify')] }],
    [false, 'another step has begun', { done: true, steps: [recorded('done', 'started')] }],
  ] as const) {
    it(`says that people have ${isOwed ? 'still' : 'not'} to be told if ${what}`, () => {
      expect(recordWith(status).isOwed).to.equal(isOwed);
    });
  }

  it('counts the failures of a step since it last went well or the node was released', () => {
    for (const [outcomes, failures] of [
      ['', 0],
      ['failed failed', 2],
      ['failed unreachable started failed', 2],
      ['failed ok failed', 1],
      ['failed skipped', 0],
    ] as const) {
      const history = outcomes.split(' ').map((outcome) => line('lock', outcome));
      expect(failuresOf({ history }, 'lock'), outcomes).to.equal(failures);
    }
    const others = [line('verify', 'failed'), line('lock', 'failed'), line('verify', 'ok')];
    expect(failuresOf({ history: others }, 'lock')).to.equal(1);
    expect(failuresOf({ history: [...others, line('quarantine', 'released')] }, 'lock')).to.equal(0);
  });

  for (const [outcome, isIt] of [
    ['ok', true],
    ['skipped', true],
    ['failed', false],
    ['started', false],
  ] as const) {
    it(`says that a step is ${isIt ? '' : 'not '}over if it is ${outcome}`, () => {
      expect(isOver({ outcome })).to.equal(isIt);
    });
  }

  it('hands down what others have found out', () => {
    const csr = { certname: ' web1.example.net\n', csr_fingerprint: 'AA' };
    const signed = { csr_fingerprint: 'AA', certificate: 'CC' };
    const steps = [
      recorded('send_node_csr', 'ok', { data: csr }),
      recorded('sign_node_csr', 'ok', { data: signed }),
    ];
    expect(certificateDetailsOf(recordWith({ steps }))).to.deep.equal({
      certname: 'web1.example.net',
      csrReported: 'AA',
      csrSigned: 'AA',
      certificate: 'CC',
    });
  });

  it('hands down nothing that is no text, nor what was not finished', () => {
    const data = { certname: 7, csr_fingerprint: 'AA', certificate: null };
    const steps = [recorded('send_node_csr', 'failed', { data }), recorded('sign_node_csr', 'ok', { data })];
    expect(certificateDetailsOf(recordWith({ steps }))).to.deep.equal({ csrSigned: 'AA' });
    expect(certificateDetailsOf(recordWith({ steps: [recorded('send_node_csr')] }))).to.deep.equal({});
  });
});

describe('the state of a node', () => {
  const lease = { owner: 'prov/1', token: 7, seconds: 60, expires: '2030' };
  const failed = line('lock', 'failed', { reason: 'no', time: '2033' });

  for (const [what, status, expected] of [
    ['new', {}, { state: 'new', step: undefined, reason: undefined, since: undefined }],
    [
      'quarantined, at the step at which that happened',
      { ...quarantined, done: true, history: [line('quarantine', 'quarantined'), line('notify', 'ok')] },
      { state: 'quarantined', step: 'quarantine', reason: 'out of luck', since: '2031' },
    ],
    [
      'quarantined, at its last step if the history does not go back that far',
      { ...quarantined, history: [line('notify', 'ok')] },
      { state: 'quarantined', step: 'notify', reason: 'out of luck', since: '2031' },
    ],
    [
      'done',
      { done: true, disabled: true, finished: { since: '2032' }, history: [line('done', 'ok')], lease },
      { state: 'done', step: 'done', reason: undefined, since: '2032' },
    ],
    [
      'disabled',
      { disabled: true, history: [failed], lease },
      { state: 'disabled', step: 'lock', reason: undefined, since: undefined },
    ],
    [
      'waiting after failures, whoever holds it',
      { history: [failed, failed], lease },
      { state: 'waiting', step: 'lock', reason: 'failed 2 times, last error: no', since: '2033' },
    ],
    [
      'working, at the step that has begun',
      { history: [line('verify', 'ok', { time: '2034' })], steps: [recorded('done', 'started')], lease },
      { state: 'working', step: 'done', reason: 'lease held by prov/1', since: '2034' },
    ],
    [
      'working before anything is on record',
      { lease },
      { state: 'working', step: undefined, reason: 'lease held by prov/1', since: undefined },
    ],
    [
      'working again after a failure',
      { history: [failed, line('lock', 'started', { time: '2035' })], lease },
      { state: 'working', step: 'lock', reason: 'lease held by prov/1', since: '2035' },
    ],
    [
      'waiting for a name that another host has',
      { history: [line('clean_node_certname', 'name-taken', { reason: 'taken', time: '2035' })], lease },
      { state: 'name-taken', step: 'clean_node_certname', reason: 'taken', since: '2035' },
    ],
    [
      'waiting for nobody knows what',
      { history: [failed, line('lock', 'ok', { reason: 'fine', time: '2035' })] },
      { state: 'waiting', step: 'lock', reason: 'fine', since: '2035' },
    ],
    [
      'waiting without a reason',
      { history: [line('lock', 'ok', { time: '2035' })] },
      { state: 'waiting', step: 'lock', reason: undefined, since: '2035' },
    ],
  ] as const) {
    it(`is ${what}`, () => {
      expect(stateOf(recordWith(status))).to.deep.equal(expected);
    });
  }
});
