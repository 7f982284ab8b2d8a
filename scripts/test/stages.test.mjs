import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { root } from '../setup.mjs';

const PASSING = `it('passes', () => {});`;
const FAILING = `it('fails', () => { throw new Error('broken on purpose'); });`;
const SKIPPED = `
  describe('a suite', function () {
    this.skipReason = 'no broker here';
    it.skip('needs a broker');
    it('needs root', function () { this.test.skipReason = 'not root'; this.skip(); });
  });
  it.skip('says nothing');`;

const RUNNER = `
  import { runMocha, runParts } from '${root}/scripts/stages.mjs';
  const [cwd, ...specs] = process.argv.slice(2);
  const run = specs.length === 1 ? runMocha : runParts;
  const result = await run(specs.length === 1 ? specs : specs.map((spec) => [spec]), {
    cwd,
    mocha: '${root}/node_modules/mocha/bin/mocha.js',
    reporter: '${root}/scripts/reporter.mjs',
    leftOpenSeconds: 0.3,
  });
  console.log('RESULT ' + JSON.stringify(result));`;

describe('a run of the tests', function () {
  this.timeout(60_000);
  let folder;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'troupe-stages-'));
    writeFileSync(join(folder, 'runner.mjs'), RUNNER);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** Runs mocha on a spec file with this text. */
  function runSpec(...texts) {
    const specs = texts.map((text, index) => {
      const spec = index === 0 ? 'spec.cjs' : `spec${index}.cjs`;
      writeFileSync(join(folder, spec), text);
      return spec;
    });
    const { stdout } = spawnSync(process.execPath, ['runner.mjs', folder, ...specs], {
      cwd: folder,
      encoding: 'utf8',
    });
    const [output, json] = stdout.split('RESULT ');
    return { output, ...JSON.parse(json) };
  }

  it('counts, and gives failures their stack and skipped tests their reason', () => {
    const { output, counts, problem } = runSpec(PASSING + FAILING + SKIPPED);
    expect(counts).to.deep.equal({ passed: 1, failed: 1, skipped: 3 });
    expect(problem).to.equal(undefined);
    expect(output).to.match(/broken on purpose\n\s+at Context\.<anonymous> \(spec\.cjs:1:/);
    expect(output).to.include('- a suite needs a broker: no broker here\n');
    expect(output).to.include('- a suite needs root: not root\n');
    expect(output).to.include('- says nothing: no reason given\n');
  });

  it('counts a hook that fails', () => {
    const { counts } = runSpec(`before(() => { throw new Error('x'); }); ${PASSING}`);
    expect(counts).to.deep.equal({ passed: 0, failed: 1, skipped: 0 });
  });

  for (const [title, text, expected] of [
    ['nothing, when all pass', PASSING, undefined],
    ['that no test ran', '', 'no test ran'],
    ['a file that does not load', 'syntax error', 'mocha exited early: exit 1'],
    ['a crash', `${PASSING} it('dies', () => process.kill(process.pid, 'SIGKILL'));`, 'killed by SIGKILL'],
    ['an exit in a test', `${PASSING} it('leaves', () => process.exit(0));`, 'mocha exited early: exit 0'],
    [
      'a server left open',
      `${PASSING} after(() => require('net').createServer().listen(0));`,
      'left a resource open',
    ],
    [
      'an error after the end',
      `${PASSING} after(() => setTimeout(() => { throw new Error('late'); }, 50));`,
      'exit ',
    ],
    ['a forgotten only', `it.only('alone', () => {}); ${PASSING}`, 'mocha exited early: exit 1'],
  ]) {
    it(`tells ${title}`, () => {
      const { problem } = runSpec(text);
      if (expected === undefined) expect(problem).to.equal(undefined);
      else expect(problem).to.include(expected);
    });
  }

  it('adds up its parts, and shows them one after the other', () => {
    const { output, counts, problems } = runSpec(PASSING, PASSING + FAILING + SKIPPED);
    expect(counts).to.deep.equal({ passed: 2, failed: 1, skipped: 3 });
    expect(problems).to.deep.equal([]);
    expect(output.indexOf('✓ passes')).to.be.below(output.indexOf('1) fails'));
    expect(output).to.include('broken on purpose');
  });

  it('tells what is wrong with any part', () => {
    expect(runSpec(PASSING, 'process.exit(3);').problems).to.deep.equal(['mocha exited early: exit 3']);
  });

  it('may have a part without tests, but not all of them', () => {
    expect(runSpec('', PASSING)).to.deep.include({
      problems: [],
      counts: { passed: 1, failed: 0, skipped: 0 },
    });
    expect(runSpec('', '').problems).to.deep.equal(['no test ran']);
  });

  it('ends with the totals when mocha runs alone', () => {
    writeFileSync(join(folder, 'spec.cjs'), PASSING + FAILING + SKIPPED);
    const args = [
      `${root}/node_modules/mocha/bin/mocha.js`,
      '--reporter',
      `${root}/scripts/reporter.mjs`,
      'spec.cjs',
    ];
    const { stdout, status } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
    expect(stdout.trimEnd().split('\n').at(-1)).to.equal('1 passed, 1 failed, 3 skipped');
    expect(status).to.equal(1);
  });
});
