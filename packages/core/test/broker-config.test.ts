import { expect } from 'chai';
import { describe, it } from 'mocha';
import { type BrokerConfigOptions, type BrokerKind, brokerConfig, brokerKinds } from '../src/index.js';

const options: BrokerConfigOptions = {
  ca: '/etc/troupe/ca.pem',
  certificate: '/etc/troupe/mq.pem',
  key: '/etc/troupe/mq.key',
  callers: ['alice.mcollective'],
  nodes: ['web1.lab', 'web10.lab'],
};
const servers = ['mq1.lab', 'mq2.lab', 'mq3.lab'].map((host) => ({ host }));

function text(kind: BrokerKind, more: Partial<BrokerConfigOptions> = {}): string {
  return brokerConfig(kind, { ...options, ...more })
    .files.map((file) => file.text)
    .join('\n');
}

function userOf(definitions: string, wanted: string) {
  const { permissions, topic_permissions: topics } = JSON.parse(definitions) as Record<
    string,
    { user: string; configure: string; read: string; write: string }[]
  >;
  const own = permissions?.find(({ user }) => user === wanted);
  const topic = topics?.find(({ user }) => user === wanted);
  if (!own || !topic) throw new Error(`no permissions of ${wanted}`);
  return { own, topic };
}

describe('brokerConfig', () => {
  for (const kind of brokerKinds) {
    it(`of ${kind} names no file but the given ones`, () => {
      const paths = text(kind).match(/\/etc\/\S+?\.(pem|key)/g) ?? [];
      expect([...new Set(paths)].sort()).to.deep.equal([options.ca, options.key, options.certificate].sort());
    });

    for (const bad of ['al ice.mcollective', 'alice"', 'a\nb']) {
      it(`of ${kind} refuses the caller ${JSON.stringify(bad)}`, () => {
        expect(() => brokerConfig(kind, { ...options, callers: [bad] })).to.throw(
          /is not a valid certificate name/,
        );
      });
    }

    it(`of ${kind} refuses a path that would begin another setting`, () => {
      expect(() => brokerConfig(kind, { ...options, key: 'a\nlistener 1' })).to.throw(
        /^key: .* is not a path/,
      );
    });
  }

  it('of a NATS cluster has a file for each server, which names the others and one secret', () => {
    const { files, notes } = brokerConfig('nats', { ...options, cluster: servers });
    expect(files.map(({ name }) => name)).to.deep.equal(['nats-1.conf', 'nats-2.conf', 'nats-3.conf']);
    for (const [index, file] of files.entries()) {
      const routes = [...file.text.matchAll(/nats-route:\/\/troupe:[^@]+@([^:]+):6222/g)].map(
        ([, host]) => host,
      );
      expect(routes).to.deep.equal(servers.filter((_, other) => other !== index).map(({ host }) => host));
      expect(file.text).to.include(`listen: "${servers[index]?.host}:6222"`);
    }
    const secrets = files.flatMap(({ text }) => text.match(/[0-9a-f]{48}/g) ?? []);
    expect(new Set(secrets).size).to.equal(1);
    expect(notes.join('\n')).to.include('nats-2.conf is for mq2.lab');
  });

  it('of a NATS cluster takes the secret that it is given, and makes another each time otherwise', () => {
    const given = { cluster: servers, clusterSecret: 'correct-horse-battery' };
    expect(text('nats', given)).to.equal(text('nats', given));
    expect(text('nats', { cluster: servers })).not.to.equal(text('nats', { cluster: servers }));
    expect(() => text('nats', { cluster: servers, clusterSecret: 'short' })).to.throw(
      /at least 16 characters/,
    );
  });

  it('refuses a cluster of two, which stops when one fails', () => {
    expect(() => text('nats', { cluster: servers.slice(1) })).to.throw(/three servers/);
  });

  it('of RabbitMQ gives each account its own queues and topics only', () => {
    const { own, topic } = userOf(
      brokerConfig('rabbitmq', options).files.find(({ name }) => name === 'definitions.json')?.text ?? '',
      'web1.lab',
    );
    const mine = new RegExp(own.configure);
    expect(mine.test('mqtt-subscription-web1.labqos1')).to.equal(true);
    for (const queue of ['mqtt-subscription-web10.labqos1', 'mqtt-subscription-alice.mcollective:0011qos0'])
      expect(mine.test(queue), queue).to.equal(false);
    expect(new RegExp(topic.write).test('mco.mcollective.presence.web1%2Elab')).to.equal(true);
    for (const key of [
      'mco.mcollective.presence.web10%2Elab',
      'mco.mcollective.node.web1%2Elab',
      `mco.mcollective.file.web1%2Elab.${'0'.repeat(32)}.0`,
    ])
      expect(new RegExp(topic.write).test(key), key).to.equal(false);
    expect(
      new RegExp(topic.read).test(`mco.mcollective.file.alice%2Emcollective.${'0'.repeat(32)}.*`),
    ).to.equal(true);
    for (const key of ['#', 'mco.#', 'mco.mcollective.node.*', 'mco.mcollective.node.web10%2Elab'])
      expect(new RegExp(topic.read).test(key), key).to.equal(false);
  });
});

describe('the checks of brokerConfig', () => {
  for (const [more, reason] of [
    [{ collectives: ['mcollective', 'a+b'] }, '"a+b" is not a valid collective name'],
    [{ callers: [] }, 'at least one caller is required'],
    [{ nodes: ['web 1'] }, '"web 1" is not a valid certificate name'],
    [{ cluster: [{ host: 'mq 1' }, { host: 'b' }, { host: 'c' }] }, '"mq 1" is not a host name or address'],
    [{ cluster: [{ host: 'a' }] }, 'a cluster needs at least three servers'],
    [{ clusterSecret: 'x'.repeat(15) }, 'the cluster secret must have at least 16 characters'],
    [{ clusterSecret: `${'x'.repeat(16)}"` }, 'the cluster secret must have at least 16 characters'],
    ...(['ca', 'certificate', 'key', 'crl', 'callersCa', 'folder'] as const).map(
      (key) =>
        [
          { [key]: '/etc/a b' },
          `${key}: "/etc/a b" is not a path that every broker can read: use a-z, A-Z, 0-9 and ./@+:-_`,
        ] as const,
    ),
  ] as const) {
    it(`refuse ${JSON.stringify(more)}`, () => {
      expect(() => brokerConfig('nats', { ...options, ...more }))
        .to.throw(reason)
        .with.property('code', 'CONFIG_INVALID');
    });
  }

  it('take a secret of sixteen characters, and three servers', () => {
    expect(text('nats', { cluster: servers, clusterSecret: 'aB3_-678901234567'.slice(0, 16) })).to.include(
      'aB3_-67890123456',
    );
  });
});

const notesOf = (kind: BrokerKind, more: Partial<BrokerConfigOptions> = {}) =>
  brokerConfig(kind, { ...options, ...more }).notes.join('\n');
const fileOf = (kind: BrokerKind, name: string, more: Partial<BrokerConfigOptions> = {}) =>
  brokerConfig(kind, { ...options, ...more }).files.find((file) => file.name === name)?.text ?? '';

describe('the configuration of every broker', () => {
  for (const [kind, needed] of [
    ['mosquitto', false],
    ['nats', true],
    ['rabbitmq', true],
  ] as const) {
    it(`says whether ${kind} needs dots escaped`, () => {
      expect(brokerConfig(kind, options).escape).to.equal(needed);
      expect(/topics\.escape: true/.test(notesOf(kind))).to.equal(needed);
    });

    it(`has the given port of ${kind}, by default 8883`, () => {
      expect(text(kind)).to.match(/(listener |port: |ssl\.default = )8883\n/);
      expect(text(kind, { port: 1234 })).to.match(/(listener |port: |ssl\.default = )1234\n/);
    });
  }

  for (const kind of ['nats', 'rabbitmq'] as const) {
    it(`of ${kind} says what it cannot do with a revocation list and with two CAs`, () => {
      expect(notesOf(kind)).to.not.match(/revocation list|Put all CAs/);
      expect(notesOf(kind, { crl: '/etc/troupe/crl.pem' })).to.match(/does not read revocation lists/);
      const two = { callersCa: '/etc/troupe/people.pem', folder: '/etc/mq' };
      expect(notesOf(kind, two)).to.include(
        'Put all CAs into /etc/mq/ca-bundle.pem (cat /etc/troupe/ca.pem /etc/troupe/people.pem >/etc/mq/ca-bundle.pem)',
      );
      expect(text(kind, two)).to.include('/etc/mq/ca-bundle.pem').and.not.include('/etc/troupe/ca.pem');
      expect(text(kind)).to.include('/etc/troupe/ca.pem').and.not.include('ca-bundle.pem');
    });
  }
});

describe('the limits of every broker', () => {
  for (const [kind, all, one] of [
    ['mosquitto', /^listener 8883\n/m, /^listener 8883 192\.0\.2\.7\n/m],
    ['nats', /mqtt \{\n {2}port/, /mqtt \{\n {2}host: "192\.0\.2\.7"\n/],
    ['rabbitmq', /ssl\.default = 8883\n/, /ssl\.default = 192\.0\.2\.7:8883\n/],
  ] as const) {
    it(`let ${kind} listen on the given address, and say so if it listens on all`, () => {
      expect(text(kind)).to.match(all).and.include('on all network interfaces');
      expect(notesOf(kind)).to.include('listens on all network interfaces');
      const given = { address: '192.0.2.7' };
      expect(text(kind, given)).to.match(one).and.not.include('all network interfaces');
      expect(notesOf(kind, given)).to.include('listens on 192.0.2.7 only');
    });
  }

  it('write an IPv6 address of RabbitMQ in brackets', () => {
    expect(text('rabbitmq', { address: '::1' })).to.include('ssl.default = [::1]:8883');
  });

  for (const [kind, normal, given] of [
    ['mosquitto', 'memory_limit 268435456\n', 'memory_limit 67108864\n'],
    ['nats', 'max_file_store: 1024MiB\n', 'max_file_store: 64MiB\n'],
    ['rabbitmq', 'vm_memory_high_watermark.absolute = 1024MiB\n', 'absolute = 64MiB\n'],
  ] as const) {
    it(`bound what clients can fill at ${kind}`, () => {
      expect(text(kind)).to.include(normal);
      expect(text(kind, { memoryMebibytes: 64 })).to.include(given);
      expect(notesOf(kind, { memoryMebibytes: 64 })).to.include('64 MiB');
    });
  }

  it('keep no retained messages at RabbitMQ', () => {
    expect(text('rabbitmq')).to.include(
      'mqtt.retained_message_store = rabbit_mqtt_retained_msg_store_noop\n',
    );
  });

  for (const [more, reason] of [
    [{ address: 'mq.lab' }, '"mq.lab" is not an IP address to listen on'],
    [{ memoryMebibytes: 15 }, '15 MiB is not a memory limit: use a whole number of at least 16'],
    [{ memoryMebibytes: 16.5 }, '16.5 MiB is not a memory limit'],
    [{ members: { eu: [] } }, '"eu" has members but is not one of the collectives: mcollective'],
    [{ members: { mcollective: ['a b'] } }, '"a b" is not a valid certificate name'],
  ] as const) {
    it(`refuse ${JSON.stringify(more)}`, () => {
      expect(() => text('nats', more))
        .to.throw(reason)
        .with.property('code', 'CONFIG_INVALID');
    });
  }
});

describe('the members of a collective', () => {
  const more = { collectives: ['all', 'eu'], members: { eu: ['web1.lab'] } };

  it('are the only nodes of Mosquitto with permissions there', () => {
    const [open = '', listed = '', ...others] = fileOf('mosquitto', 'nodes.acl', more).split('\n\n');
    expect(open).to.include('pattern read mco/all/agent/+').and.not.include('eu');
    expect(listed.trim().split('\n')).to.deep.equal([
      'user web1.lab',
      'topic read mco/eu/agent/+',
      'topic read mco/eu/node/web1.lab',
      'topic read mco/eu/presence/web1.lab',
      'topic read mco/eu/file/+/+/+',
      'topic write mco/eu/presence/web1.lab',
      'topic write mco/eu/event/web1.lab',
      'topic write mco/eu/reply/+/+/web1.lab',
    ]);
    expect(others).to.deep.equal([]);
    expect(fileOf('mosquitto', 'nodes.acl', { members: { mcollective: ['web1.lab'] } })).to.match(
      /^user web1\.lab\n/,
    );
  });

  for (const kind of ['nats', 'rabbitmq'] as const) {
    it(`are the only nodes of ${kind} with permissions there`, () => {
      const line = (name: string) =>
        kind === 'nats'
          ? text(kind, more)
              .split('\n')
              .find((line) => line.includes(`CN=${name}"`))
          : JSON.stringify(userOf(fileOf(kind, 'definitions.json', more), name));
      expect(line('web1.lab'))
        .to.match(/mco\W+all\W/)
        .and.match(/mco\W+eu\W/);
      expect(line('web10.lab'))
        .to.match(/mco\W+all\W/)
        .and.not.match(/mco\W+eu\W/);
      expect(line('alice.mcollective')).to.match(/mco\W+eu\W/);
    });
  }

  for (const kind of brokerKinds) {
    it(`are mentioned if several collectives of ${kind} have none`, () => {
      const open = { collectives: ['all', 'eu'] };
      expect(notesOf(kind, open)).to.include('Every node can use every collective');
      for (const quiet of [more, {}]) expect(notesOf(kind, quiet)).to.not.include('every collective');
    });
  }
});

describe('the account of new machines', () => {
  const more = {
    newcomers: { account: 'newcomers', ca: 'PEM\n' },
    callers: ['alice.mcollective'],
    nodes: ['web1.lab'],
    folder: '/etc/mq',
  };

  for (const kind of brokerKinds) {
    it(`brings its CA as a file of its own to ${kind}`, () => {
      expect(fileOf(kind, 'newcomers-ca.pem', more)).to.equal('PEM\n');
      expect(fileOf(kind, 'newcomers-ca.pem')).to.equal('');
    });

    it(`leaves the collective of new machines to them and to callers at ${kind}`, () => {
      const all = text(kind, more);
      const withoutNodes = { ...more, collectives: ['mcollective', 'provisioning'] };
      expect(text(kind, withoutNodes)).to.equal(all);
      expect(text(kind, { ...more, newcomers: { ...more.newcomers, collective: 'new' } }))
        .to.match(/mco\W+new\W/)
        .and.not.match(/mco\W+provisioning\W/);
    });

    it(`is explained for ${kind}, and so is its absence`, () => {
      expect(notesOf(kind, more))
        .to.include('The broker does not check enrolment tokens')
        .and.include('New machines connect to');
      expect(notesOf(kind)).to.include('The broker admits no machine without a certificate: use --newcomers');
    });
  }

  it('has a listener of Mosquitto, with its own CA and permissions, and a limit of connections', () => {
    const [, , , listener = ''] = fileOf('mosquitto', 'mosquitto.conf', {
      ...more,
      crl: '/etc/troupe/crl.pem',
    }).split(/^listener /m);
    expect(listener.split('\n').filter(Boolean)).to.deep.equal([
      '8885',
      'cafile /etc/mq/newcomers-ca.pem',
      'certfile /etc/troupe/mq.pem',
      'keyfile /etc/troupe/mq.key',
      'tls_version tlsv1.2',
      'require_certificate true',
      'use_identity_as_username true',
      'allow_anonymous false',
      'acl_file /etc/mq/newcomers.acl',
      '# Not a firm limit: each failed connection makes Mosquitto 2.0.11 count one connection too few.',
      'max_connections 1000',
    ]);
    expect(fileOf('mosquitto', 'newcomers.acl', more).trim().split('\n')).to.deep.equal([
      'user newcomers',
      'topic read mco/provisioning/agent/+',
      'topic read mco/provisioning/node/+',
      'topic read mco/provisioning/file/+/+/+',
      'topic write mco/provisioning/presence/+',
      'topic write mco/provisioning/event/+',
      'topic write mco/provisioning/reply/+/+/+',
    ]);
    expect(fileOf('mosquitto', 'nodes.acl', more)).to.not.include('provisioning');
    expect(fileOf('mosquitto', 'callers.acl', more)).to.include('topic write mco/provisioning/node/+');
    expect(fileOf('mosquitto', 'mosquitto.conf')).to.not.include('newcomers');
    // By which new machines could disconnect nodes.
    const byName = '\nuse_username_as_clientid true\n';
    expect(fileOf('mosquitto', 'mosquitto.conf')).to.include(byName);
    expect(fileOf('mosquitto', 'mosquitto.conf', more)).to.not.include(byName);
  });

  it('is a user of NATS and of RabbitMQ that reaches one collective', () => {
    const user = (name: string) =>
      text('nats', more)
        .split('\n')
        .find((line) => line.includes(`"CN=${name}"`)) ?? '';
    expect(user('newcomers').trim()).to.equal(
      '{ user: "CN=newcomers", allowed_connection_types: ["MQTT"], permissions: { publish: { allow: ["mco.provisioning.presence.*", "mco.provisioning.event.*", "mco.provisioning.reply.*.*.*"] }, subscribe: { allow: ["mco.provisioning.agent.*", "mco.provisioning.node.*", "mco.provisioning.file.*.*.*"] } } }',
    );
    expect(user('web1.lab')).to.not.include('provisioning');
    expect(user('alice.mcollective')).to.include('mco.provisioning.node.*');
    const json = fileOf('rabbitmq', 'definitions.json', more);
    const { users } = JSON.parse(json) as { users: { name: string; limits?: object }[] };
    expect(users.at(-1)).to.deep.equal({
      name: 'newcomers',
      password_hash: '',
      tags: [],
      limits: { 'max-connections': 1000 },
    });
    const { topic, own } = userOf(json, 'newcomers');
    expect(new RegExp(topic.read).test('mco.provisioning.node.web1%2Elab')).to.equal(true);
    expect(new RegExp(topic.write).test('mco.provisioning.presence.web1%2Elab')).to.equal(true);
    for (const key of ['mco.mcollective.node.web1%2Elab', 'mco.provisioning.presence.web1%2Elab', 'mco.#'])
      expect(new RegExp(topic.read).test(key), key).to.equal(false);
    expect(new RegExp(own.configure).test('mqtt-subscription-newcomers:web1.lab.0a1bqos0')).to.equal(true);
  });

  for (const kind of ['nats', 'rabbitmq'] as const) {
    it(`adds its CA to the CAs of ${kind}`, () => {
      expect(text(kind, more)).to.include('/etc/mq/ca-bundle.pem').and.not.include('/etc/troupe/ca.pem');
      expect(notesOf(kind, more)).to.include(
        '(cat /etc/troupe/ca.pem /etc/mq/newcomers-ca.pem >/etc/mq/ca-bundle.pem)',
      );
    });
  }

  for (const [wrong, reason] of [
    [{ newcomers: { account: 'a b', ca: '' } }, '"a b" is not a valid name of an account'],
    [{ newcomers: { account: 'newcomers', ca: '', collective: 'A' } }, '"A" is not a valid collective name'],
    [{ newcomers: { account: 'web1.lab', ca: '' } }, '"web1.lab" is the account of new machines'],
    [
      { newcomers: { account: 'alice.mcollective', ca: '' } },
      '"alice.mcollective" is the account of new machines',
    ],
    [{ newcomers: { account: 'newcomers', ca: '', connections: 0 } }, '0 is not a number of connections'],
    [{ collectives: ['provisioning'] }, '"provisioning" is for new machines only'],
    [
      { members: { provisioning: ['web1.lab'] } },
      '"provisioning" has members but is not one of the collectives',
    ],
  ] as const) {
    it(`is refused with ${JSON.stringify(wrong)}`, () => {
      expect(() => text('nats', { ...more, ...wrong }))
        .to.throw(reason)
        .with.property('code', 'CONFIG_INVALID');
    });
  }
});

describe('the configuration of Mosquitto', () => {
  const listener = (number: number, more: Partial<BrokerConfigOptions> = {}) =>
    fileOf('mosquitto', 'mosquitto.conf', more).split(/^listener /m)[number] ?? '';

  it('has a listener for nodes and the next one for callers', () => {
    const more = { port: 8000, callersCa: '/etc/troupe/people.pem', folder: '/etc/mq' };
    expect(listener(0, more)).to.include('nodes on port 8000, callers on port 8001');
    expect(listener(1, more)).to.match(/^8000\ncafile \/etc\/troupe\/ca\.pem\n/);
    expect(listener(1, more)).to.include('acl_file /etc/mq/nodes.acl\n');
    expect(listener(2, more)).to.match(/^8001\ncafile \/etc\/troupe\/people\.pem\n/);
    expect(listener(2, more)).to.include('acl_file /etc/mq/callers.acl\n');
    expect(notesOf('mosquitto', more))
      .to.include('Callers connect to port 8001')
      .and.include('A node that reaches port 8001');
    for (const number of [1, 2])
      expect(listener(number, more))
        .to.include('require_certificate true')
        .and.include('allow_anonymous false');
  });

  it('checks revocation where a list is named', () => {
    for (const number of [1, 2]) {
      expect(listener(number)).to.not.include('crlfile');
      expect(listener(number, { crl: '/etc/troupe/crl.pem' })).to.include('\ncrlfile /etc/troupe/crl.pem\n');
    }
  });

  it('says when the list expires, and uses none that has: Mosquitto would refuse everybody', () => {
    const list = { crl: '/etc/troupe/crl.pem' };
    expect(notesOf('mosquitto', list)).to.include('refuses every certificate. Replace the file in time');
    const future = { ...list, crlEnd: new Date('2999-01-01') };
    expect(notesOf('mosquitto', future)).to.include('The first one expires on 2999-01-01');
    expect(listener(1, future)).to.include('\ncrlfile /etc/troupe/crl.pem\n');
    const past = { ...list, crlEnd: new Date('2020-01-01') };
    expect(notesOf('mosquitto', past)).to.include('expired on 2020-01-01');
    for (const number of [1, 2])
      expect(listener(number, past))
        .to.include('\n# crlfile /etc/troupe/crl.pem\n')
        .and.not.include('\ncrlfile');
  });

  it('lets each node and each caller do what the protocol needs, and no more', () => {
    expect(
      fileOf('mosquitto', 'nodes.acl', { collectives: ['eu'] })
        .trim()
        .split('\n'),
    ).to.deep.equal([
      'pattern read mco/eu/agent/+',
      'pattern read mco/eu/node/%u',
      'pattern read mco/eu/presence/%u',
      'pattern read mco/eu/file/+/+/+',
      'pattern write mco/eu/presence/%u',
      'pattern write mco/eu/event/%u',
      'pattern write mco/eu/reply/+/+/%u',
    ]);
    const callers = ['alice.mcollective', 'bob.mcollective'];
    const [first = '', second = ''] = fileOf('mosquitto', 'callers.acl', {
      collectives: ['eu'],
      callers,
    }).split('\n\n');
    expect(first.split('\n')).to.deep.equal([
      'user alice.mcollective',
      'topic read mco/eu/reply/alice.mcollective/#',
      'topic read mco/eu/presence/#',
      'topic read mco/eu/event/#',
      'topic write mco/eu/agent/+',
      'topic write mco/eu/node/+',
      'topic write mco/eu/event/alice.mcollective',
      'topic write mco/eu/presence/+',
      'topic write mco/eu/file/alice.mcollective/+/+',
    ]);
    expect(second).to.match(/^user bob\.mcollective\n/);
  });
});

describe('the configuration of NATS', () => {
  it('is one file for a server that stands alone, with no cluster in it', () => {
    const { files, notes } = brokerConfig('nats', { ...options, folder: '/etc/mq' });
    expect(files.map(({ name }) => name)).to.deep.equal(['nats.conf']);
    const [{ text: conf } = { text: '' }] = files;
    expect(conf).to.include('server_name: troupe\n').and.include('store_dir: "/etc/mq/jetstream"');
    expect(conf).to.not.match(/cluster|routes|replicas/);
    expect(notes.join()).to.not.match(/Each server has a file|secret/);
  });

  it('names servers, folders, ports and copies of a cluster', () => {
    const cluster = [{ host: 'a', port: 1, routePort: 2 }, { host: 'b' }, { host: 'c' }];
    const { files, notes } = brokerConfig('nats', { ...options, cluster, port: 7 });
    for (const [index, { text: conf }] of files.entries()) {
      expect(conf).to.include(`server_name: troupe-${index + 1}\n`);
      expect(conf).to.include(`store_dir: "./jetstream-${index + 1}"`);
      expect(conf).to.include(
        `  port: ${index === 0 ? 1 : 7}\n  stream_replicas: 3\n  consumer_replicas: 3\n`,
      );
      expect(conf).to.include(`listen: "${cluster[index]?.host}:${index === 0 ? 2 : 6222}"`);
      const routes = [...conf.matchAll(/@([a-c]:\d+)/g)].map(([, route]) => route);
      expect(routes).to.deep.equal(['a:2', 'b:6222', 'c:6222'].toSpliced(index, 1));
    }
    expect(notes.join('\n')).to.include(
      'nats-1.conf is for a, nats-2.conf is for b, nats-3.conf is for c. The certificate of a server must contain its host name',
    );
    expect(notes.join('\n')).to.include('The files contain the secret of the cluster');
  });

  it('lets each node and each caller do what the protocol needs, and no more', () => {
    const users = text('nats', { collectives: ['eu'], nodes: ['web1.lab'] })
      .split('\n')
      .filter((line) => line.includes('{ user: "CN='))
      .map((line) => line.trim());
    expect(users).to.deep.equal([
      '{ user: "CN=web1.lab", allowed_connection_types: ["MQTT"], permissions: { publish: { allow: ["mco.eu.presence.web1%2Elab", "mco.eu.event.web1%2Elab", "mco.eu.reply.*.*.web1%2Elab"] }, subscribe: { allow: ["mco.eu.agent.*", "mco.eu.node.web1%2Elab", "mco.eu.presence.web1%2Elab", "mco.eu.file.*.*.*"] } } }',
      '{ user: "CN=alice.mcollective", allowed_connection_types: ["MQTT"], permissions: { publish: { allow: ["mco.eu.agent.*", "mco.eu.node.*", "mco.eu.event.alice%2Emcollective", "mco.eu.presence.*", "mco.eu.file.alice%2Emcollective.*.*"] }, subscribe: { allow: ["mco.eu.reply.alice%2Emcollective.>", "mco.eu.reply.alice%2Emcollective", "mco.eu.presence.>", "mco.eu.presence", "mco.eu.event.>", "mco.eu.event", "$MQTT.sub.>"] } } }',
    ]);
  });
});

describe('the definitions of RabbitMQ', () => {
  it('are indented JSON with a user for each certificate and no password', () => {
    const json = fileOf('rabbitmq', 'definitions.json', { nodes: ['web1.lab'] });
    expect(json).to.match(/^\{\n {2}"vhosts"/);
    expect((JSON.parse(json) as { users: unknown }).users).to.deep.equal(
      ['web1.lab', 'alice.mcollective'].map((name) => ({ name, password_hash: '', tags: [] })),
    );
  });

  it('allow a caller to receive only messages addressed to it', () => {
    const { topic } = userOf(fileOf('rabbitmq', 'definitions.json'), 'alice.mcollective');
    const read = new RegExp(topic.read);
    const write = new RegExp(topic.write);
    expect(write.test(`mco.mcollective.file.alice%2Emcollective.${'0'.repeat(32)}.0`)).to.equal(true);
    expect(write.test(`mco.mcollective.file.bob%2Emcollective.${'0'.repeat(32)}.0`)).to.equal(false);
    expect(write.test('mco.mcollective.event.alice%2Emcollective')).to.equal(true);
    expect(write.test('mco.mcollective.event.bob%2Emcollective')).to.equal(false);
    for (const key of [
      'mco.mcollective.reply.alice%2Emcollective.s1.web1%2Elab',
      'mco.mcollective.presence.web1%2Elab',
      'mco.mcollective.event.web1%2Elab',
    ])
      expect(read.test(key), key).to.equal(true);
    for (const key of [
      'mco.mcollective.reply.bob%2Emcollective.s1.web1%2Elab',
      'mco.mcollective.node.web1%2Elab',
      'xmco.mcollective.event.x',
    ])
      expect(read.test(key), key).to.equal(false);
  });
});
