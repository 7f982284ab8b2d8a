import { expect } from 'chai';
import { it } from 'mocha';
import { documentOf } from '../mco.js';
import { online, type Scene } from '../scene.js';

/** Discovery, and what is read of nodes without an agent. */
export function finding(scene: () => Scene): void {
  const finds = (title: string, args: readonly string[], expected: readonly string[]) =>
    it(`finds ${title}`, async () => {
      expect(await scene().mco.find(...args)).to.deep.equal(expected);
    });

  finds('all nodes', [], online);
  finds('nodes by a fact', ['-F', 'country=mt'], ['a.lab', 'b.lab']);
  finds('nodes by a nested fact', ['-F', 'os.name=/^Deb/'], online);
  finds('nodes by a number', ['-F', 'cores>=4'], ['c.lab', 'd.lab']);
  finds('nodes by a class', ['-C', 'role::db'], ['c.lab', 'd.lab']);
  finds('nodes by an agent', ['-A', 'mixed'], ['a.lab', 'b.lab', 'c.lab']);
  finds('nodes by a compound filter', ['-S', '(country=mt or role::db) and not cores=2'], ['c.lab', 'd.lab']);
  finds('nodes by a data function', ['-S', "agent('mixed').version=1.0.0"], ['a.lab', 'b.lab', 'c.lab']);
  finds('a node by its identity', ['-I', 'b.lab'], ['b.lab']);
  finds('nodes by a pattern of identities', ['-I', '/^[ac]\\./'], ['a.lab', 'c.lab']);
  finds('nodes by facts and classes in one argument', ['-W', 'country=mt role::web'], ['a.lab', 'b.lab']);
  finds('a limited number of nodes', ['--limit', '2', '--limit-seed', '7'], ['a.lab', 'b.lab']);

  it('exits with 1 if no node matches a filter', async () => {
    const { stdout, stderr, code } = await scene().mco.run('find', '-F', 'country=xx', '-q');
    expect({ stdout, code }).to.deep.equal({ stdout: '', code: 1 });
    expect(stderr).to.match(/^mco: no node in .*"mcollective" matches .*\(4 nodes online\)/);
  });

  it('pings all nodes, and names the one that is offline', async () => {
    const { stdout, stderr, code } = await scene().mco.run('ping');
    const lines = stdout.split('\n').filter((line) => /^[a-z]+\.lab +time=[\d.]+ ms$/.test(line));
    expect(lines.map((line) => line.split(' ')[0]).sort()).to.deep.equal(online);
    expect(stderr).to.include('gone.lab');
    expect(code).to.equal(0);
  });

  it('shows the inventory of each node', async () => {
    const { mco } = scene();
    for (const [name, country] of [
      ['a.lab', 'mt'],
      ['b.lab', 'mt'],
      ['c.lab', 'de'],
    ]) {
      const ran = await mco.run('inventory', `${name}`, '--json');
      const { facts, classes, agents } = mco.dialect.inventory(documentOf(ran));
      expect(facts).to.deep.include({ country, os: { name: 'Debian' } });
      expect(classes).to.deep.equal([country === 'mt' ? 'role::web' : 'role::db']);
      expect(agents).to.include.members(['discovery', 'mixed', 'rpcutil']);
    }
  });

  it('counts the values of a fact', async () => {
    const { stdout, code } = await scene().mco.run('facts', 'country');
    expect(stdout).to.match(/\n {3}\w+ +found 2 times\n {3}\w+ +found 2 times/);
    expect(code).to.equal(0);
  });
}
