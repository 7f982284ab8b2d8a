import type { Socket } from 'node:net';

/**
 * Follows the framing of MQTT packets in a stream and finds one that announces too many bytes, before anybody
 * collects them: MQTT lets a peer announce 256 MiB.
 */
export class PacketGauge {
  /** Bytes, without the fixed header. */
  limit: number;
  #skip = 0;
  #length = 0;
  // Bytes of the length field seen so far; nothing while the first byte of a packet is awaited.
  #lengthBytes: number | undefined;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** The announced size of the first packet in this piece that is over the limit. */
  check(piece: Uint8Array): number | undefined {
    let at = 0;
    while (at < piece.length) {
      if (this.#skip > 0) {
        const step = Math.min(this.#skip, piece.length - at);
        this.#skip -= step;
        at += step;
        continue;
      }
      const byte = piece[at] ?? 0;
      at += 1;
      if (this.#lengthBytes === undefined) {
        this.#lengthBytes = 0;
        this.#length = 0;
        continue;
      }
      // [MQTT-2.2.3]: seven bits a byte, the lowest first, at most four bytes.
      this.#length += (byte & 0x7f) * 128 ** this.#lengthBytes;
      this.#lengthBytes += 1;
      if (this.#length > this.limit || this.#lengthBytes > 4) return this.#length;
      if ((byte & 0x80) === 0) {
        this.#lengthBytes = undefined;
        this.#skip = this.#length;
      }
    }
    return undefined;
  }
}

/** Destroys the socket when a packet over the limit arrives through `read`; the limit may be changed at any time. */
export function limitPackets(socket: Socket, limit: number): PacketGauge {
  const gauge = new PacketGauge(limit);
  const read = socket.read.bind(socket);
  socket.read = (size?: number) => {
    const piece: Uint8Array | null = read(size);
    const tooLarge = piece === null ? undefined : gauge.check(piece);
    if (tooLarge === undefined) return piece;
    socket.destroy(new Error(`a packet of ${tooLarge} bytes exceeds the limit of ${gauge.limit}`));
    return null;
  };
  return gauge;
}
