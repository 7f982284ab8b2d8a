import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { root } from '../setup.mjs';

const manifest = (name) => JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'));
const programs = readdirSync(join(root, 'packages')).flatMap((name) =>
  Object.entries(manifest(name).bin ?? {}).map(([program, file]) => [
    program,
    join(root, 'packages', name, file),
  ]),
);
// What a program sees of the Node that runs it.
const older = 'data:text/javascript,Object.defineProperty(process.versions,"node",{value:"20.20.2"})';

describe('a program that an old Node starts', () => {
  for (const [name, file] of programs) {
    it(`says that Node is too old: ${name}`, () => {
      const { status, stderr } = spawnSync(process.execPath, ['--import', older, file, '--version'], {
        encoding: 'utf8',
      });
      expect({ status, stderr }).to.deep.equal({
        status: 1,
        stderr: 'Node 20.20.2 is too old: Troupe needs Node 24 or newer [RUNTIME_TOO_OLD]\n',
      });
    });
  }

  it('is refused by npm for the same version in every package', () => {
    const floors = ['.', 'ddl', ...readdirSync(join(root, 'packages')).map((name) => `packages/${name}`)].map(
      (folder) => JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')).engines?.node,
    );
    expect([...new Set(floors)]).to.deep.equal(['>=24']);
  });
});
