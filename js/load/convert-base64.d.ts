/** The compiled converter, packed by gzip, base64; made by the build. */
export declare const base64: string;
