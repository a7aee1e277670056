/** Builds the web page into a folder, which is emptied first. */
export declare function buildPage(folder: string): Promise<void>;
