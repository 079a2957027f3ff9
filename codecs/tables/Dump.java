// Prints the tables of IBM's toolbox (jt400, read from an IBM i) and of the JDK, one mapping a line:
//   <converter> TAB d|e TAB <code in hex, without shift bytes> TAB <scalar in hex>
// d = decode, e = encode. Whatever a converter replaces or refuses is left out. Run by generate.py.

import com.ibm.as400.access.CharConverter;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.CodingErrorAction;
import java.util.ArrayList;
import java.util.List;

public class Dump {
    interface Decode { String text(byte[] bytes) throws Exception; }
    interface Encode { byte[] bytes(String text) throws Exception; }

    static final PrintStream OUT = new PrintStream(new java.io.BufferedOutputStream(System.out, 1 << 16), false);

    public static void main(String[] args) throws Exception {
        for (int ccsid : new int[] {37, 836, 935, 1388}) {
            CharConverter converter = new CharConverter(ccsid);
            boolean mixed = ccsid > 900;
            dump("jt400-" + ccsid, codes(mixed, false, false), mixed, converter::byteArrayToString,
                converter::stringToByteArray);
        }
        for (String name : new String[] {"IBM037", "x-IBM935", "GBK", "GB18030"}) {
            Charset charset = Charset.forName(name);
            boolean mixed = name.equals("x-IBM935");
            boolean gb = name.startsWith("GB");
            dump("jdk-" + name, codes(mixed, gb, name.equals("GB18030")), mixed,
                bytes -> strict(charset, bytes), text -> strict(charset, text));
        }
        OUT.flush();
    }

    static String strict(Charset charset, byte[] bytes) throws CharacterCodingException {
        return charset.newDecoder().onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT).decode(ByteBuffer.wrap(bytes)).toString();
    }

    static byte[] strict(Charset charset, String text) throws CharacterCodingException {
        ByteBuffer out = charset.newEncoder().onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT).encode(CharBuffer.wrap(text));
        byte[] bytes = new byte[out.remaining()];
        out.get(bytes);
        return bytes;
    }

    /** Every code that the structure of the encoding allows. */
    static List<byte[]> codes(boolean mixed, boolean gb, boolean four) {
        List<byte[]> codes = new ArrayList<>();
        for (int b = 0; b < 256; b++) {
            if (!(mixed && (b == 0x0E || b == 0x0F))) codes.add(new byte[] {(byte) b});
        }
        if (mixed || gb) {
            for (int lead = mixed ? 0x40 : 0x81; lead <= 0xFE; lead++) {
                for (int trail = 0x40; trail <= 0xFE; trail++) {
                    if (!(gb && trail == 0x7F)) codes.add(new byte[] {(byte) lead, (byte) trail});
                }
            }
        }
        if (four) {
            for (int n = 0; n < 39420; n++) {
                codes.add(new byte[] {(byte) (0x81 + n / 12600), (byte) (0x30 + n / 1260 % 10),
                    (byte) (0x81 + n / 10 % 126), (byte) (0x30 + n % 10)});
            }
        }
        return codes;
    }

    /** U+001A and U+FFFD count only for the codes that mean them. */
    static boolean isSubstitute(String name, byte[] code, String text) {
        int ofSub = name.startsWith("jdk-GB") ? 0x1A : 0x3F;
        return text.equals("\u001A") && !(code.length == 1 && (code[0] & 0xFF) == ofSub)
            || text.equals("\uFFFD") && code.length < 4;
    }

    static void dump(String name, List<byte[]> codes, boolean mixed, Decode decode, Encode encode) {
        for (byte[] code : codes) {
            String text = null;
            try {
                text = decode.text(mixed && code.length == 2 ? new byte[] {0x0E, code[0], code[1], 0x0F} : code);
            } catch (Exception refused) {
                continue;
            }
            if (text.codePointCount(0, text.length()) == 1 && !isSubstitute(name, code, text)) {
                print(name, 'd', code, text.codePointAt(0));
            }
        }
        for (int scalar = 0; scalar <= 0x3FFFF; scalar++) {
            if (scalar >= 0xD800 && scalar <= 0xDFFF) continue;
            byte[] bytes;
            try {
                bytes = encode.bytes(new String(Character.toChars(scalar)));
            } catch (Exception refused) {
                continue;
            }
            if (mixed && bytes.length == 4 && bytes[0] == 0x0E) bytes = new byte[] {bytes[1], bytes[2]};
            boolean substitute = bytes.length == 1 && bytes[0] == 0x3F && name.startsWith("jt400") && scalar != 0x1A
                || bytes.length == 2 && !mixed && name.startsWith("jt400")
                || bytes.length == 2 && (bytes[0] & 0xFF) == 0xFE && (bytes[1] & 0xFF) == 0xFE && mixed;
            if (!substitute && bytes.length > 0) print(name, 'e', bytes, scalar);
        }
    }

    static void print(String name, char direction, byte[] code, int scalar) {
        StringBuilder line = new StringBuilder(name).append('\t').append(direction).append('\t');
        for (byte b : code) line.append(String.format("%02X", b));
        OUT.println(line.append('\t').append(String.format("%04X", scalar)));
    }
}
