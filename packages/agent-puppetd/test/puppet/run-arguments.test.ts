import { expect } from 'chai';
import { describe, it } from 'mocha';
import { isRunId, type RunOptions, runArguments } from '../../src/puppet/request.js';

const config = { command: ['puppet'], confdir: undefined, extraArgs: [], env: {} } as const;
const fixed = [
  ...['agent', '--onetime', '--no-daemonize', '--verbose', '--color=false', '--logdest', 'console'],
  ...['--detailed-exitcodes', '--no-usecacheonfailure', '--waitforcert', '0', '--job-id', 'r1'],
];

describe('the arguments of a run of Puppet', () => {
  for (const [options, expected] of [
    [{}, ['--http_connect_timeout', '30', '--no-splay']],
    [{ connectTimeoutSeconds: 1.2 }, ['--http_connect_timeout', '2', '--no-splay']],
    [
      { environment: 'lab' },
      ['--http_connect_timeout', '30', '--environment', 'lab', '--strict_environment_mode', '--no-splay'],
    ],
    [{ noop: true }, ['--http_connect_timeout', '30', '--noop', '--no-splay']],
    [{ noop: false }, ['--http_connect_timeout', '30', '--no-noop', '--no-splay']],
    [{ tags: ['a', 'b::c'] }, ['--http_connect_timeout', '30', '--tags', 'a,b::c', '--no-splay']],
    [{ tags: [] }, ['--http_connect_timeout', '30', '--no-splay']],
    [{ server: 'p1' }, ['--http_connect_timeout', '30', '--server', 'p1', '--no-splay']],
    [
      { server: '[::1]:8140' },
      ['--http_connect_timeout', '30', '--server', '::1', '--serverport', '8140', '--no-splay'],
    ],
    [
      { server: 'p1:65535' },
      ['--http_connect_timeout', '30', '--server', 'p1', '--serverport', '65535', '--no-splay'],
    ],
    [{ splay: true }, ['--http_connect_timeout', '30', '--splay']],
    [{ splay: true, splayLimitSeconds: 5 }, ['--http_connect_timeout', '30', '--splay', '--splaylimit', '5']],
    [{ splayLimitSeconds: 5 }, ['--http_connect_timeout', '30', '--no-splay']],
    [{ useCachedCatalog: true }, ['--http_connect_timeout', '30', '--no-splay', '--use_cached_catalog']],
    [{ useCachedCatalog: false }, ['--http_connect_timeout', '30', '--no-splay', '--no-use_cached_catalog']],
    [{ ignoreSchedules: true }, ['--http_connect_timeout', '30', '--no-splay', '--ignoreschedules']],
    [{ ignoreSchedules: false }, ['--http_connect_timeout', '30', '--no-splay']],
    [{ runTimeoutSeconds: 0 }, ['--http_connect_timeout', '30', '--no-splay', '--runtimeout', '0']],
    [{ waitForLockSeconds: 0 }, ['--http_connect_timeout', '30', '--no-splay']],
    [
      { waitForLockSeconds: 7 },
      ['--http_connect_timeout', '30', '--no-splay', '--waitforlock', '2', '--maxwaitforlock', '7'],
    ],
    [
      { closeConnections: true },
      ['--http_connect_timeout', '30', '--no-splay', '--http_keepalive_timeout', '0'],
    ],
    [{ closeConnections: false }, ['--http_connect_timeout', '30', '--no-splay']],
  ] as const)
    it(`are those of ${JSON.stringify(options)}`, () =>
      expect(runArguments(config, 'r1', options)).to.deep.equal([...fixed, ...expected]));

  it('carry the folder and the words of the configuration', () =>
    expect(runArguments({ ...config, confdir: '/c', extraArgs: ['--x', 'y'] }, 'r1', {})).to.deep.equal([
      ...fixed,
      ...['--confdir', '/c', '--x', 'y', '--http_connect_timeout', '30', '--no-splay'],
    ]));

  for (const [option, options] of [
    ['server', { server: 'p1:0' }],
    ['server', { server: 'p1:65536' }],
    ['server', { server: '-x' }],
    ['environment', { environment: 'Lab' }],
    ['tags', { tags: ['a', '-b'] }],
    ['runTimeoutSeconds', { runTimeoutSeconds: -1 }],
    ['runTimeoutSeconds', { runTimeoutSeconds: Number.NaN }],
  ] as const)
    it(`are refused with ${JSON.stringify(options)}`, () => {
      const run = () => runArguments(config, 'r1', options as RunOptions);
      expect(run).to.throw(`Invalid ${option} of a Puppet run`).with.property('code', 'INPUT_INVALID');
    });

  it('are refused for what cannot name a run', () => {
    expect(() => runArguments(config, '../x', {})).to.throw('Invalid id of a Puppet run');
    expect(['a', 'A-1_b', 'a'.repeat(64)].every(isRunId)).to.equal(true);
    expect(['', '-a', 'a/b', 'a.b', 'a'.repeat(65)].some(isRunId)).to.equal(false);
  });

  it('are refused without quoting more than a part of them', () =>
    expect(() => runArguments(config, 'x/'.repeat(100), {}))
      .to.throw()
      .with.property('message')
      .that.satisfies((text: string) => text.length < 200));
});
