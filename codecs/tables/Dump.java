// Prints what converters of IBM's toolbox (jt400, read from an IBM i) and of the JDK do, one mapping a line:
//   <converter> TAB d|e TAB <code in hex, without shift bytes> TAB <scalars in hex, joined by +>
// d = decode, e = encode. Whatever a converter replaces or refuses is left out. Run by generate.py and by the oracle
// test: java -cp <jar> Dump.java NAME:STRUCTURE... with names such as jt400-935 or jdk-GBK, and the structures single,
// mixed (runs between 0E and 0F), double (the half of a mixed page), gbk, gb18030, big5.

import com.ibm.as400.access.CharConverter;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CharsetEncoder;
import java.nio.charset.CodingErrorAction;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

public class Dump {
    interface Decode { String text(byte[] bytes) throws Exception; }
    interface Encode { byte[] bytes(String text) throws Exception; }

    static final PrintStream OUT = new PrintStream(new java.io.BufferedOutputStream(System.out, 1 << 16), false);
    static final char[] HEX = "0123456789ABCDEF".toCharArray();

    public static void main(String[] args) throws Exception {
        for (String arg : args) {
            String name = arg.substring(0, arg.lastIndexOf(':'));
            String structure = arg.substring(arg.lastIndexOf(':') + 1);
            if (name.startsWith("jt400-")) {
                CharConverter converter = new CharConverter(Integer.parseInt(name.substring(6)));
                dump(name, structure, converter::byteArrayToString, converter::stringToByteArray);
            } else {
                Charset charset = Charset.forName(name.substring(4));
                CharsetDecoder decoder = charset.newDecoder().onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT);
                CharsetEncoder encoder = charset.newEncoder().onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT);
                dump(name, structure, bytes -> decoder.decode(ByteBuffer.wrap(bytes)).toString(),
                    text -> strict(encoder, text));
            }
        }
        OUT.flush();
    }

    static byte[] strict(CharsetEncoder encoder, String text) throws CharacterCodingException {
        ByteBuffer out = encoder.encode(CharBuffer.wrap(text));
        byte[] bytes = new byte[out.remaining()];
        out.get(bytes);
        return bytes;
    }

    /** Every code that the structure allows. */
    static List<byte[]> codes(String structure) {
        List<byte[]> codes = new ArrayList<>();
        boolean ebcdic = structure.equals("mixed") || structure.equals("double");
        boolean single = structure.equals("single");
        for (int b = 0; b < 256 && !structure.equals("double"); b++) {
            boolean shift = structure.equals("mixed") && (b == 0x0E || b == 0x0F);
            if (!shift && (ebcdic || single || b <= 0x80 || b == 0xFF)) codes.add(new byte[] {(byte) b});
        }
        for (int lead = ebcdic ? 0x40 : 0x81; lead <= 0xFE && !single; lead++) {
            for (int trail = 0x40; trail <= 0xFE; trail++) {
                if (ebcdic || trail != 0x7F) codes.add(new byte[] {(byte) lead, (byte) trail});
            }
        }
        // Two blocks of four bytes: what is left of the basic plane, and all other planes.
        for (int n = 0; n < 1237576 && structure.equals("gb18030"); n = n == 39419 ? 189000 : n + 1) {
            codes.add(new byte[] {(byte) (0x81 + n / 12600), (byte) (0x30 + n / 1260 % 10),
                (byte) (0x81 + n / 10 % 126), (byte) (0x30 + n % 10)});
        }
        return codes;
    }

    /** U+001A and U+FFFD count only for the codes that mean them. */
    static boolean isSubstitute(byte[] code, String structure, String text) {
        int ofSub = structure.startsWith("gb") || structure.equals("big5") ? 0x1A : 0x3F;
        return text.equals("\u001A") && !(code.length == 1 && (code[0] & 0xFF) == ofSub)
            || text.indexOf('\uFFFD') >= 0 && code.length < 4;
    }

    static void dump(String name, String structure, Decode decode, Encode encode) {
        boolean mixed = structure.equals("mixed");
        Set<String> sequences = new TreeSet<>();
        for (byte[] code : codes(structure)) {
            String text;
            try {
                text = decode.text(mixed && code.length == 2 ? new byte[] {0x0E, code[0], code[1], 0x0F} : code);
            } catch (Exception refused) {
                continue;
            }
            if (text.isEmpty() || isSubstitute(code, structure, text)) continue;
            int characters = text.codePointCount(0, text.length());
            // More than one from a code outside the double-byte half: the second byte was read on its own.
            if (characters > 1 && !mixed && !structure.equals("double")) continue;
            if (characters > 1) sequences.add(text);
            print(name, 'd', code, text);
        }
        int last = structure.equals("single") ? 0xFFFF : structure.equals("gb18030") ? 0x10FFFF : 0x3FFFF;
        for (int scalar = 0; scalar <= last; scalar++) {
            if (scalar < 0xD800 || scalar > 0xDFFF) encode(name, structure, encode, Character.toString(scalar));
        }
        for (String text : sequences) encode(name, structure, encode, text);
    }

    static void encode(String name, String structure, Encode encode, String text) {
        byte[] bytes;
        try {
            bytes = encode.bytes(text);
        } catch (Exception refused) {
            return;
        }
        boolean mixed = structure.equals("mixed");
        if (mixed && bytes.length == 4 && bytes[0] == 0x0E) bytes = new byte[] {bytes[1], bytes[2]};
        boolean toolbox = name.startsWith("jt400");
        // What jt400 writes instead of a character: 3F, or FEFE in a run.
        boolean replaced = toolbox && bytes.length == 1 && (bytes[0] & 0xFF) == 0x3F && !text.equals("\u001A")
            || bytes.length == 2 && (bytes[0] & 0xFF) == 0xFE && (bytes[1] & 0xFF) == 0xFE && (mixed || toolbox);
        // Two codes are two characters, or a surrogate pair taken apart.
        boolean several = mixed && bytes.length > 2 || structure.equals("single") && bytes.length > 1
            || structure.equals("double") && bytes.length != 2;
        if (!replaced && !several && bytes.length > 0) print(name, 'e', bytes, text);
    }

    static void print(String name, char direction, byte[] code, String text) {
        StringBuilder line = new StringBuilder(name).append('\t').append(direction).append('\t');
        for (byte b : code) line.append(HEX[b >> 4 & 15]).append(HEX[b & 15]);
        char between = '\t';
        for (int i = 0; i < text.length(); i += Character.charCount(text.codePointAt(i))) {
            line.append(between).append(String.format("%04X", text.codePointAt(i)));
            between = '+';
        }
        OUT.println(line);
    }
}
