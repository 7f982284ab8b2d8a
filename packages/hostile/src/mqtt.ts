import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';

export interface Heard {
  readonly topic: string;
  readonly payload: Buffer;
}

/** A bare MQTT connection that obeys no rule of Troupe's. */
export interface Account {
  readonly mqtt: MqttClient;
  readonly heard: Heard[];
  isClosed: boolean;
  /** The granted QoS; 128 is a refusal. */
  subscribe(filter: string): Promise<number>;
  publish(
    topic: string,
    payload: string | Uint8Array,
    options?: { retain?: boolean; qos?: 0 | 1 | 2 },
  ): Promise<void>;
  close(): Promise<void>;
}

/** Connects; throws what the broker answered. */
export async function connectMqtt(url: string, options: IClientOptions): Promise<Account> {
  const client = mqtt.connect(url, {
    protocolVersion: 4,
    reconnectPeriod: 0,
    connectTimeout: 5000,
    ...options,
  });
  const heard: Heard[] = [];
  client.on('message', (topic, payload) => heard.push({ topic, payload }));
  await new Promise<void>((resolve, reject) => {
    client.once('connect', () => resolve());
    client.once('error', reject);
    client.once('close', () => reject(new Error('connection closed without a CONNACK')));
  }).catch((error: unknown) => {
    client.end(true);
    throw error;
  });
  const account: Account = {
    mqtt: client,
    heard,
    isClosed: false,
    subscribe: (filter) =>
      new Promise((resolve, reject) => {
        client.subscribe(filter, { qos: 0 }, (error, _grants, packet) => {
          const [code] = packet?.cmd === 'suback' ? packet.granted : [];
          if (code === undefined) reject(error ?? new Error('no SUBACK'));
          else resolve(Number(code));
        });
      }),
    publish: async (topic, payload, { retain = false, qos = 0 } = {}) => {
      await client.publishAsync(topic, Buffer.from(payload), { qos, retain });
    },
    close: async () => {
      await client.endAsync(true);
    },
  };
  client.on('close', () => {
    account.isClosed = true;
  });
  // What the broker ends on purpose is seen as a close.
  client.on('error', () => undefined);
  return account;
}
