import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { type CompletedShell, completionOf, completionScript } from '../../src/text/completion-script.js';

const help = `Usage: some-program [options]

  -c, --config FILE  configuration file
      --level NAME   it's a level [of many]: a word
      --check        check it
      --completion SHELL
                     print a script
  -h, --help         print this help
`;
const program = {
  name: 'some-program',
  options: [{ long: '--version', meaning: 'the version' }],
  commands: [
    {
      name: 'run',
      meaning: 'run it',
      options: [{ short: '-c', long: '--config', meaning: 'its file', value: 'file' as const }],
    },
    { name: 'status', meaning: 'show it', options: [{ long: '--all', meaning: 'all' }] },
  ],
};

// What bash would offer on a line, with the script read by a real bash.
function inBash(script: string, ...words: readonly string[]): readonly string[] {
  const run = `${script}\nCOMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}
_some_program; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync('bash', ['-c', run], { encoding: 'utf8' });
  expect(stderr).to.equal('');
  return stdout.split('\n').filter((line) => line !== '');
}

describe('a completion script', () => {
  it('offers the options that stand in the help', () => {
    const script = completionOf('some-program', help, 'bash');
    expect(inBash(script, 'some-program', '')).to.deep.equal([
      '--config',
      '--level',
      '--check',
      '--completion',
      '--help',
    ]);
    expect(inBash(script, 'some-program', '--ch')).to.deep.equal(['--check']);
    expect(inBash(script, 'some-program', '--completion', 'z')).to.deep.equal(['zsh']);
    expect(inBash(script, 'some-program', '-c', '/etc/passw')).to.include('/etc/passwd');
    expect(inBash(script, 'some-program', '--level', '')).to.deep.equal([]);
  });

  it('offers commands, and the options of each', () => {
    const script = completionScript('bash', program);
    expect(inBash(script, 'some-program', '')).to.deep.equal(['run', 'status', '--version']);
    expect(inBash(script, 'some-program', 'status', '-')).to.deep.equal(['--all']);
    expect(inBash(script, 'some-program', 'run', '')).to.deep.equal(['--config']);
  });

  for (const shell of ['bash', 'zsh', 'fish'] as const)
    it(`is sound for ${shell}`, function () {
      for (const script of [completionOf('some-program', help, shell), completionScript(shell, program)]) {
        const { status, stderr, error } = spawnSync(shell, [...check(shell), fileWith(script)], {
          encoding: 'utf8',
        });
        if (error) return this.skip();
        expect({ status, stderr }).to.deep.equal({ status: 0, stderr: '' });
      }
    });

  it('is refused for other shells', () => {
    expect(() => completionOf('some-program', help, 'tcsh')).to.throw('use bash, zsh, fish');
  });
});

function fileWith(text: string): string {
  const file = join(mkdtempSync(join(tmpdir(), 'troupe-completion-')), 'script');
  writeFileSync(file, text);
  return file;
}

function check(shell: CompletedShell): readonly string[] {
  return shell === 'fish' ? ['--no-execute'] : ['-n'];
}
