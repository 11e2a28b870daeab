declare module 'snappyjs' {
  const snappy: {
    compress(raw: Buffer): Buffer;
    /** Throws where the result would be longer than `maxLength`. */
    uncompress(packed: Buffer, maxLength?: number): Buffer;
  };
  export default snappy;
}
