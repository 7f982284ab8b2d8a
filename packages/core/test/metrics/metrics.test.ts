import { expect } from 'chai';
import { beforeEach, describe, it } from 'mocha';
import { Metrics, readOnce } from '../../src/metrics/metrics.js';

describe('Metrics', () => {
  let metrics: Metrics;
  beforeEach(() => {
    metrics = new Metrics('troupe_x');
  });
  const samples = () =>
    metrics
      .text()
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));

  it('writes the text format: help, type, and a line for each value', () => {
    const counter = metrics.counter({ name: 'events_total', help: 'Events', labels: ['kind'] });
    counter.count('b');
    counter.count('a');
    counter.count('b');
    metrics.watch('gauge', { name: 'size_bytes', help: 'Size' }, () => 1.5);
    expect(metrics.text()).to.equal(
      [
        '# HELP troupe_x_events_total Events',
        '# TYPE troupe_x_events_total counter',
        'troupe_x_events_total{kind="b"} 2',
        'troupe_x_events_total{kind="a"} 1',
        '# HELP troupe_x_size_bytes Size',
        '# TYPE troupe_x_size_bytes gauge',
        'troupe_x_size_bytes 1.5',
        '',
      ].join('\n'),
    );
  });

  it('begins a counter without labels at 0, so that its first event is an increase', () => {
    metrics.counter({ name: 'events_total', help: 'Events' });
    expect(samples()).to.deep.equal(['troupe_x_events_total 0']);
  });

  it('begins known series of a counter with labels at 0, too', () => {
    const definition = { name: 'events_total', help: 'Events', labels: ['kind'] };
    metrics.counter(definition, [['a'], ['b']]).count('b');
    expect(samples()).to.deep.equal([
      'troupe_x_events_total{kind="a"} 0',
      'troupe_x_events_total{kind="b"} 1',
    ]);
  });

  it('adds up the observations of a histogram up to each bound', () => {
    const histogram = metrics.histogram({ name: 'seconds', help: 'Time', labels: ['step'] }, [0.5, 1]);
    for (const value of [0.5, 0.75, 1.25]) histogram.observe(value, 'lock');
    expect(samples()).to.deep.equal([
      'troupe_x_seconds_bucket{step="lock",le="0.5"} 1',
      'troupe_x_seconds_bucket{step="lock",le="1"} 2',
      'troupe_x_seconds_bucket{step="lock",le="+Inf"} 3',
      'troupe_x_seconds_sum{step="lock"} 2.5',
      'troupe_x_seconds_count{step="lock"} 3',
    ]);
  });

  it('reads watched values each time, and leaves out one that is not known', () => {
    let value: number | undefined;
    metrics.watch('gauge', { name: 'skew_seconds', help: 'Skew' }, () => value);
    expect(samples()).to.deep.equal([]);
    value = -3;
    expect(samples()).to.deep.equal(['troupe_x_skew_seconds -3']);
    value = Number.POSITIVE_INFINITY;
    expect(samples()).to.deep.equal(['troupe_x_skew_seconds +Inf']);
  });

  it('adds up samples with the same labels, which Prometheus would refuse', () => {
    metrics.watch('gauge', { name: 'nodes', help: 'Nodes', labels: ['master'] }, () => [
      [1, 'puppet1'],
      [1, 'puppet2'],
      [1, 'puppet1'],
    ]);
    expect(samples()).to.deep.equal([
      'troupe_x_nodes{master="puppet1"} 2',
      'troupe_x_nodes{master="puppet2"} 1',
    ]);
  });

  it('reads what many metrics show once for each answer', async () => {
    let reads = 0;
    const read = readOnce(() => {
      reads += 1;
      return reads;
    });
    for (const name of ['one', 'two']) metrics.watch('gauge', { name, help: 'Reads' }, read);
    expect(samples()).to.deep.equal(['troupe_x_one 1', 'troupe_x_two 1']);
    await Promise.resolve();
    expect(samples()).to.deep.equal(['troupe_x_one 2', 'troupe_x_two 2']);
  });

  it('keeps values of labels and help on their line', () => {
    metrics.watch('gauge', { name: 'nodes', help: 'One\ntwo \\ three', labels: ['master'] }, () => [
      [1, 'a"b\\c\nd'],
    ]);
    expect(metrics.text().split('\n')).to.deep.equal([
      '# HELP troupe_x_nodes One\\ntwo \\\\ three',
      '# TYPE troupe_x_nodes gauge',
      'troupe_x_nodes{master="a\\"b\\\\c\\nd"} 1',
      '',
    ]);
  });

  it('has at most 500 series in each metric: further ones are added up as "other"', () => {
    const counter = metrics.counter({ name: 'events_total', help: 'Events', labels: ['kind'] });
    metrics.watch('gauge', { name: 'nodes', help: 'Nodes', labels: ['master'] }, () =>
      Array.from({ length: 600 }, (_, index) => [1, `m${index}`] as const),
    );
    for (let index = 0; index < 600; index += 1) counter.count(`k${index}`);
    counter.count('k0');
    const lines = samples();
    expect(lines).to.have.length(2 * 501);
    expect(lines).to.include.members([
      'troupe_x_events_total{kind="k0"} 2',
      'troupe_x_events_total{kind="other"} 100',
      'troupe_x_nodes{master="other"} 100',
    ]);
  });

  it('cuts values of labels at 128 characters', () => {
    metrics.counter({ name: 'events_total', help: 'Events', labels: ['kind'] }).count('x'.repeat(1000));
    expect(samples()).to.deep.equal([`troupe_x_events_total{kind="${'x'.repeat(128)}"} 1`]);
  });

  for (const [what, define] of [
    ['a counter that does not end in _total', () => metrics.counter({ name: 'events', help: '' })],
    ['a gauge that ends in _total', () => metrics.watch('gauge', { name: 'x_total', help: '' }, () => 1)],
    ['a name with a hyphen', () => metrics.watch('gauge', { name: 'a-b', help: '' }, () => 1)],
    ['a name in capitals', () => metrics.watch('gauge', { name: 'Ab', help: '' }, () => 1)],
    [
      'the label of the bounds of a histogram',
      () => metrics.histogram({ name: 'seconds', help: '', labels: ['le'] }, [1]),
    ],
  ] as const) {
    it(`rejects ${what}`, () => {
      expect(define).to.throw('cannot have this name');
    });
  }

  it('rejects a second metric with the same name', () => {
    metrics.watch('gauge', { name: 'nodes', help: '' }, () => 1);
    expect(() => metrics.watch('gauge', { name: 'nodes', help: '' }, () => 1)).to.throw('already defined');
  });

  it('describes what it has', () => {
    metrics.counter({ name: 'events_total', help: 'Events', labels: ['kind'] });
    expect(metrics.descriptions()).to.deep.equal([
      { name: 'troupe_x_events_total', help: 'Events', type: 'counter', labels: ['kind'] },
    ]);
  });
});
