import { X509Certificate } from 'node:crypto';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { TrustStore } from '../../src/security/trust.js';
import { needOpenssl } from '../pki/openssl.js';
import { OpensslPki } from './openssl-pki.js';

describe('the name constraints of a CA', function () {
  this.timeout(30_000);
  let pki: OpensslPki;
  let made = 0;
  before(function () {
    needOpenssl(this);
    pki = new OpensslPki();
    pki.ca('root');
  });
  after(() => pki?.remove());

  const derOf = (name: string) => new X509Certificate(pki.text(`${name}.pem`)).raw.toString('base64');

  /** Checks a certificate of a CA with such constraints. */
  const check = (constraints: string, name: string, ...extensions: string[]) => {
    made += 1;
    const ca = `limited${made}`;
    pki.ca(ca, {
      by: 'root',
      extensions: ['basicConstraints=critical,CA:TRUE', `nameConstraints=${constraints}`],
    });
    pki.issue(name, { by: ca, extensions });
    return () => new TrustStore({ ca: pki.text('root.pem') }).check([derOf(name), derOf(ca)]).name;
  };

  for (const [constraints, name, altNames] of [
    ['critical,permitted;DNS:lab', 'web1.lab', 'DNS:web1.lab'],
    ['critical,permitted;DNS:lab', 'lab', 'DNS:LAB'],
    ['permitted;DNS:.mcollective', 'rip.mcollective', undefined],
    ['critical,permitted;DNS:lab,permitted;DNS:net', 'web2.net', 'DNS:a.lab'],
    ['critical,excluded;DNS:mcollective', 'web3.lab', 'DNS:web3.lab'],
    ['critical,permitted;IP:10.0.0.0/255.0.0.0', 'web4.lab', 'IP:10.1.2.3'],
    ['critical,permitted;IP:10.0.0.0/255.0.0.0', 'web5.lab', 'DNS:web5.lab'],
    ['critical,excluded;IP:10.0.0.0/255.0.0.0', 'web6.lab', 'IP:11.1.2.3,IP:::1'],
    ['critical,permitted;email:.lab,permitted;URI:.lab', 'web7.lab', 'DNS:web7.lab'],
  ] as const) {
    const names = altNames === undefined ? [] : [`subjectAltName=${altNames}`];
    it(`permit ${name}${altNames === undefined ? '' : ` with ${altNames}`} under ${constraints}`, () => {
      expect(check(constraints, name, ...names)()).to.equal(name);
    });
  }

  for (const [constraints, name, altNames, refused] of [
    ['critical,permitted;DNS:lab', 'rip.mcollective', undefined, 'DNS:rip.mcollective'],
    ['permitted;DNS:lab', 'eve.mcollective', 'DNS:web1.lab', 'DNS:eve.mcollective'],
    ['critical,permitted;DNS:lab', 'webxlab', undefined, 'DNS:webxlab'],
    ['critical,permitted;DNS:.lab2', 'lab2', undefined, 'DNS:lab2'],
    ['critical,permitted;DNS:lab', 'bad1.lab', 'DNS:bad.example', 'DNS:bad.example'],
    ['critical,excluded;DNS:mcollective', 'bob.mcollective', undefined, 'DNS:bob.mcollective'],
    ['critical,permitted;IP:10.0.0.0/255.0.0.0', 'bad2.lab', 'IP:11.0.0.1', 'IP:11.0.0.1'],
    ['critical,permitted;IP:10.0.0.0/255.0.0.0', 'bad3.lab', 'IP:::1', 'IP:'],
    ['critical,excluded;IP:10.0.0.0/255.0.0.0', 'bad4.lab', 'IP:10.9.9.9', 'IP:10.9.9.9'],
    ['critical,permitted;email:lab', 'bad5.lab', 'email:x@lab', 'email:x@lab'],
    ['critical,excluded;URI:.other', 'bad6.lab', 'URI:http://x.lab/', 'URI:http://x.lab/'],
  ] as const) {
    it(`do not permit ${name}${altNames === undefined ? '' : ` with ${altNames}`} under ${constraints}`, () => {
      const names = altNames === undefined ? [] : [`subjectAltName=${altNames}`];
      expect(check(constraints, name, ...names))
        .to.throw(`the certificate "CN=${name}" has the name ${refused}`)
        .with.property('code', 'CERTIFICATE_INVALID');
    });
  }

  it('permit only directory names that begin with one of theirs, whatever the case', () => {
    pki.ca('directory', {
      by: 'root',
      extensions: [
        'basicConstraints=critical,CA:TRUE',
        'nameConstraints=critical,permitted;dirName:base',
        '[base]',
        'O=The  Lab',
        'OU=web',
      ],
    });
    const check = (name: string, subject: string) => {
      pki.issue(name, { by: 'directory', subject });
      return () => new TrustStore({ ca: pki.text('root.pem') }).check([derOf(name), derOf('directory')]).name;
    };
    expect(check('dir1.lab', '/O=the lab/OU=Web/CN=dir1.lab')()).to.equal('dir1.lab');
    for (const subject of ['/CN=dir2.lab', '/O=The Lab/CN=dir2.lab', '/OU=web/O=The Lab/CN=dir2.lab'])
      expect(check('dir2.lab', subject)).to.throw('has the name DirName:');
  });

  it('bind what an intermediate CA below issues', () => {
    pki.ca('outer', {
      by: 'root',
      extensions: ['basicConstraints=critical,CA:TRUE', 'nameConstraints=critical,permitted;DNS:lab'],
    });
    pki.ca('inner', { by: 'outer' });
    pki.issue('deep.lab', { by: 'inner' });
    pki.issue('deep.mcollective', { by: 'inner' });
    const check = (name: string) => () =>
      new TrustStore({ ca: pki.text('root.pem') }).check([derOf(name), derOf('inner'), derOf('outer')]).name;
    expect(check('deep.lab')()).to.equal('deep.lab');
    expect(check('deep.mcollective')).to.throw(
      'has the name DNS:deep.mcollective, which the name constraints of the CA "CN=outer" do not permit: use a name that they permit, or another CA',
    );
  });
});
