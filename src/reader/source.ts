/** What lines are read back from: a file, a Blob, memory. */
export interface ByteSource {
  readonly name: string;
  /** Bytes from there; fewer at the end. They are good until the next read. */
  read(offset: number, length: number): Uint8Array | Promise<Uint8Array>;
  close?(): void;
}

/** A source that needs no waiting, as everything in Node. */
export interface SyncSource extends ByteSource {
  read(offset: number, length: number): Uint8Array;
}

/** A file of the browser, or any other Blob. */
export function blobSource(blob: Blob, name: string): ByteSource {
  return {
    name,
    read: async (offset, length) => new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer()),
  };
}

/** Bytes in memory. */
export function bytesSource(bytes: Uint8Array, name: string): SyncSource {
  return { name, read: (offset, length) => bytes.subarray(offset, offset + length) };
}
